import { Channels } from "./channels.ts";
import type { CallOptions, Endpoints } from "./channels.ts";
import { etcdError } from "./etcd-error.ts";
import * as methods from "./methods.ts";
import { watchOnce } from "./watch-stream.ts";
import type { WatchEnd, WatchListener, WatchRange } from "./watch-stream.ts";
import { keepLease } from "./lease.ts";
import type { KeptLease, LeaseOptions } from "./lease.ts";
import type { EtcdMemberInfo, RangeRequest, TxnRequest, WireKeyValue } from "./wire-types.ts";

/** Keys as they were at one revision. */
export interface RangePage {
  readonly revision: number;
  readonly kvs: readonly WireKeyValue[];
  /** There are further keys. */
  readonly more: boolean;
}

/** What a transaction did. */
export interface TxnResult {
  readonly revision: number;
  readonly succeeded: boolean;
  /** The keys that each operation read; empty for operations that do not read. */
  readonly ranges: readonly (readonly WireKeyValue[])[];
}

/** What the member at the endpoint in use says about itself. */
export interface MemberStatus {
  readonly memberId: string;
  readonly clusterId: string;
  /** For example `3.4.23`. */
  readonly version: string;
  /** Bytes of the database file ... */
  readonly dbSize: number;
  /** ... and how many of them are not free. */
  readonly dbSizeInUse: number;
  /** The leader's member id; undefined when the member knows none. */
  readonly leader: string | undefined;
  readonly raftTerm: number;
  readonly raftIndex: number;
  readonly raftAppliedIndex: number;
  readonly isLearner: boolean;
  readonly errors: readonly string[];
}

/** An alarm that a member has raised. Both make the cluster refuse changes. */
export interface MemberAlarm {
  readonly memberId: string;
  readonly alarm: "no-space" | "corrupt";
}

/**
 * Calls to etcd. Each ends within its deadline, and rejects with an `EtcdError`. A call that got no
 * answer makes the next endpoint the one in use; nothing is tried again here.
 */
export interface EtcdClient {
  range(request: RangeRequest, options?: CallOptions): Promise<RangePage>;
  txn(request: TxnRequest, options?: CallOptions): Promise<TxnResult>;
  /** Forgets what keys were before `revision`. */
  compact(revision: number, options?: CallOptions): Promise<void>;
  /** See {@link watchOnce}. */
  watch(
    range: WatchRange,
    startRevision: number,
    listener: WatchListener,
    signal: AbortSignal,
  ): Promise<WatchEnd>;
  /** Grants a lease and keeps it alive. */
  lease(options: LeaseOptions): Promise<KeptLease>;
  /** Ends a lease, whosever it is, and the keys that hang on it. */
  revokeLease(id: string, options?: CallOptions): Promise<void>;
  /** Linearizable where the version can. */
  members(options?: CallOptions): Promise<readonly EtcdMemberInfo[]>;
  /** Adds a member that may follow, and has no vote. */
  addLearner(peerUrl: string, options?: CallOptions): Promise<EtcdMemberInfo>;
  promoteMember(id: string, options?: CallOptions): Promise<void>;
  removeMember(id: string, options?: CallOptions): Promise<void>;
  updateMember(id: string, peerUrl: string, options?: CallOptions): Promise<void>;
  /** Also answered without a leader. */
  status(options?: CallOptions): Promise<MemberStatus>;
  /** Rewrites the database file of the member in use without its free pages; it answers nothing meanwhile. */
  defragment(options?: CallOptions): Promise<void>;
  alarms(options?: CallOptions): Promise<readonly MemberAlarm[]>;
  clearAlarm(alarm: MemberAlarm, options?: CallOptions): Promise<void>;
  /** Must be asked of the leader. */
  moveLeader(memberId: string, options?: CallOptions): Promise<void>;
  /** The database of the member in use, in pieces. */
  snapshot(): AsyncIterable<Buffer>;
  close(): void;
}

const alarmNumbers = { "no-space": 1, corrupt: 2 } as const;
const DEACTIVATE = 2;

const kvCalls = (channels: Channels): Pick<EtcdClient, "range" | "txn" | "compact"> => ({
  range: async (request, options) => {
    const answer = await channels.unary(methods.range, request, options);
    return { revision: Number(answer.header?.revision), kvs: answer.kvs, more: answer.more };
  },
  txn: async (request, options) => {
    const answer = await channels.unary(methods.txn, request, options);
    return {
      revision: Number(answer.header?.revision),
      succeeded: answer.succeeded,
      ranges: answer.responses.map((response) => response.range?.kvs ?? []),
    };
  },
  compact: async (revision, options) => {
    await channels.unary(methods.compact, { revision }, options);
  },
});

type MemberCalls = Pick<
  EtcdClient,
  "members" | "addLearner" | "promoteMember" | "removeMember" | "updateMember"
>;

const memberCalls = (channels: Channels): MemberCalls => ({
  members: async (options) =>
    (await channels.unary(methods.memberList, { linearizable: true }, options)).members,
  addLearner: async (peerUrl, options) => {
    const request = { peerUrls: [peerUrl], isLearner: true };
    const { member } = await channels.unary(methods.memberAdd, request, options);
    if (member === null) throw etcdError(new Error("no member in the answer"), "MemberAdd");
    return member;
  },
  promoteMember: async (id, options) => {
    await channels.unary(methods.memberPromote, { id }, options);
  },
  removeMember: async (id, options) => {
    await channels.unary(methods.memberRemove, { id }, options);
  },
  updateMember: async (id, peerUrl, options) => {
    await channels.unary(methods.memberUpdate, { id, peerUrls: [peerUrl] }, options);
  },
});

const statusOf = async (channels: Channels, options?: CallOptions): Promise<MemberStatus> => {
  const call = { ...options, anyMember: true };
  const answer = await channels.unary(methods.memberStatus, {}, call);
  return {
    memberId: answer.header?.memberId ?? "0",
    clusterId: answer.header?.clusterId ?? "0",
    version: answer.version,
    dbSize: Number(answer.dbSize),
    dbSizeInUse: Number(answer.dbSizeInUse),
    leader: answer.leader === "0" ? undefined : answer.leader,
    raftTerm: Number(answer.raftTerm),
    raftIndex: Number(answer.raftIndex),
    raftAppliedIndex: Number(answer.raftAppliedIndex),
    isLearner: answer.isLearner,
    errors: answer.errors,
  };
};

type MaintenanceCalls = Pick<
  EtcdClient,
  "status" | "defragment" | "alarms" | "clearAlarm" | "moveLeader" | "snapshot"
>;

const maintenanceCalls = (channels: Channels): MaintenanceCalls => ({
  status: (options) => statusOf(channels, options),
  defragment: async (options) => {
    await channels.unary(methods.defragment, {}, { ...options, anyMember: true });
  },
  alarms: async (options) => {
    const call = { ...options, anyMember: true };
    const { alarms } = await channels.unary(methods.alarm, { action: 0 }, call);
    return alarms.map(({ memberId, alarm }) => ({
      memberId,
      alarm: alarm === alarmNumbers.corrupt ? "corrupt" : "no-space",
    }));
  },
  clearAlarm: async ({ memberId, alarm }, options) => {
    const request = { action: DEACTIVATE, memberId, alarm: alarmNumbers[alarm] };
    await channels.unary(methods.alarm, request, options);
  },
  moveLeader: async (targetId, options) => {
    await channels.unary(methods.moveLeader, { targetId }, options);
  },
  snapshot: async function* snapshot() {
    try {
      for await (const piece of channels.answers(methods.snapshot, {}))
        yield (piece as methods.SnapshotPiece).blob;
    } catch (error) {
      throw etcdError(error, methods.snapshot.path);
    }
  },
});

/** A client of the etcd at `endpoints`. Connects when it is first called, and again when need be. */
export const connectEtcd = (options: Endpoints): EtcdClient => {
  const channels = new Channels(options);
  return {
    ...kvCalls(channels),
    ...memberCalls(channels),
    ...maintenanceCalls(channels),
    watch: (range, startRevision, listener, signal) =>
      watchOnce(channels, { range, startRevision, listener, signal }),
    lease: (lease) => keepLease(channels, lease),
    revokeLease: async (id, call) => {
      await channels.unary(methods.leaseRevoke, { id }, call);
    },
    close: () => channels.close(),
  };
};
