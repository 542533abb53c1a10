/** A 64-bit number as it is given to the codec; what was received is always text. */
export type Int64 = number | string;

/** What every answer begins with. */
export interface WireHeader {
  readonly clusterId: string;
  readonly memberId: string;
  readonly revision: string;
  readonly raftTerm: string;
}

/** One key. */
export interface WireKeyValue {
  readonly key: Buffer;
  readonly createRevision: string;
  readonly modRevision: string;
  readonly value: Buffer;
  readonly lease: string;
}

/** The keys from `key` to before `rangeEnd`, or `key` alone. */
export interface RangeRequest {
  readonly key: Buffer;
  readonly rangeEnd?: Buffer;
  readonly limit?: number;
  /** 0 or absent: the newest. */
  readonly revision?: number;
  /** Answered by one member from what it has; otherwise linearizable. */
  readonly serializable?: boolean;
  readonly keysOnly?: boolean;
}

/** The answer to a range. */
export interface WireRange {
  readonly header: WireHeader | null;
  readonly kvs: readonly WireKeyValue[];
  readonly more: boolean;
  readonly count: string;
}

/** One operation of a transaction. */
export type Operation =
  | { readonly range: RangeRequest }
  | { readonly put: { readonly key: Buffer; readonly value: Buffer; readonly lease?: Int64 } }
  | { readonly delete: { readonly key: Buffer; readonly rangeEnd?: Buffer } };

/** A condition of a transaction: made by {@link compareCreated} and {@link compareValue}. */
export interface Comparison {
  readonly result: number;
  readonly target: number;
  readonly key: Buffer;
  readonly createRevision?: Int64;
  readonly value?: Buffer;
}

/** All conditions hold: `success` happens, otherwise `failure`. */
export interface TxnRequest {
  readonly compare: readonly Comparison[];
  readonly success: readonly Operation[];
  readonly failure?: readonly Operation[];
}

/** The answer to a transaction; each operation has its place in `responses`. */
export interface WireTxn {
  readonly header: WireHeader | null;
  readonly succeeded: boolean;
  readonly responses: readonly { readonly range: WireRange | null }[];
}

const EQUAL = 0;
const TARGET_CREATE = 1;
const TARGET_VALUE = 3;

/** The key was created by revision `revision` and was there ever since; 0: there is no such key. */
export const compareCreated = (key: Buffer, revision: number): Comparison => ({
  result: EQUAL,
  target: TARGET_CREATE,
  key,
  createRevision: revision,
});

/** The key has this value. Never true when there is no such key. */
export const compareValue = (key: Buffer, value: Buffer): Comparison => ({
  result: EQUAL,
  target: TARGET_VALUE,
  key,
  value,
});

/** The end of the range of all keys that begin with `prefix`, whose last byte must not be 255. */
export const prefixEnd = (prefix: string): Buffer => {
  const end = Buffer.from(prefix);
  const last = end.length - 1;
  end[last] = (end[last] ?? 0) + 1;
  return end;
};

/** An event of a watch. */
export interface WireEvent {
  /** 0: put, 1: deleted. */
  readonly type: number;
  readonly kv: WireKeyValue;
}

/** A message of a watch. */
export interface WireWatch {
  readonly header: WireHeader | null;
  readonly created: boolean;
  readonly canceled: boolean;
  readonly compactRevision: string;
  readonly cancelReason: string;
  readonly fragment: boolean;
  readonly events: readonly WireEvent[];
}

/** A member of the etcd cluster. Identifiers are decimal text: they need 64 bits. */
export interface EtcdMemberInfo {
  readonly id: string;
  /** Empty until the member has started once. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  /** Follows, but has no vote yet. */
  readonly isLearner: boolean;
}

/** What one member says about itself. */
export interface WireStatus {
  readonly header: WireHeader | null;
  readonly version: string;
  readonly dbSize: string;
  readonly leader: string;
  readonly raftIndex: string;
  readonly raftTerm: string;
  readonly raftAppliedIndex: string;
  readonly errors: readonly string[];
  readonly dbSizeInUse: string;
  readonly isLearner: boolean;
}

/** An alarm that a member has raised: 1 is "no space", 2 "corrupt". */
export interface WireAlarm {
  readonly memberId: string;
  readonly alarm: number;
}
