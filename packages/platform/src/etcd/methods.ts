import { method } from "./codec.ts";
import type { Method } from "./codec.ts";
import type {
  EtcdMemberInfo,
  Int64,
  RangeRequest,
  TxnRequest,
  WireAlarm,
  WireHeader,
  WireRange,
  WireStatus,
  WireTxn,
  WireWatch,
} from "./wire-types.ts";

/** The answer of calls that only say that it is done. */
export interface HeaderOnly {
  readonly header: WireHeader | null;
}

/** The answer of calls that change or list the members. */
export interface Members extends HeaderOnly {
  readonly members: readonly EtcdMemberInfo[];
}

/** The answer to a lease's grant and to its signs of life. */
export interface Lease extends HeaderOnly {
  readonly id: string;
  /** Seconds; 0: there is no such lease any more. */
  readonly ttl: string;
  readonly error: string;
}

/** One piece of a copy of the database. */
export interface SnapshotPiece {
  readonly blob: Buffer;
}

const both = { request: true, response: true };
const named = (path: string, request: string, response: string) => ({ path, request, response });

export const range: Method<RangeRequest, WireRange> = method(
  named("KV/Range", "RangeRequest", "RangeResponse"),
);
export const txn: Method<TxnRequest, WireTxn> = method(
  named("KV/Txn", "TxnRequest", "TxnResponse"),
);
export const compact: Method<{ revision: number; physical?: boolean }, HeaderOnly> = method(
  named("KV/Compact", "CompactRequest", "HeaderOnly"),
);

/** What a watch is asked. */
export type WatchRequest =
  | {
      readonly create: {
        readonly key: Buffer;
        readonly rangeEnd?: Buffer;
        readonly startRevision?: number;
        readonly fragment?: boolean;
      };
    }
  | { readonly progress: object };

export const watch: Method<WatchRequest, WireWatch> = method({
  ...named("Watch/Watch", "WatchRequest", "WatchResponse"),
  streams: both,
});

export const leaseGrant: Method<{ ttl: number }, Lease> = method(
  named("Lease/LeaseGrant", "LeaseGrantRequest", "LeaseResponse"),
);
export const leaseRevoke: Method<{ id: Int64 }, HeaderOnly> = method(
  named("Lease/LeaseRevoke", "LeaseRequest", "HeaderOnly"),
);
export const leaseKeepAlive: Method<{ id: Int64 }, Lease> = method({
  ...named("Lease/LeaseKeepAlive", "LeaseRequest", "LeaseResponse"),
  streams: both,
});

export const memberList: Method<{ linearizable: boolean }, Members> = method(
  named("Cluster/MemberList", "MemberListRequest", "MembersResponse"),
);
export const memberAdd: Method<
  { peerUrls: readonly string[]; isLearner: boolean },
  Members & { readonly member: EtcdMemberInfo | null }
> = method(named("Cluster/MemberAdd", "MemberAddRequest", "MemberAddResponse"));
export const memberRemove: Method<{ id: string }, Members> = method(
  named("Cluster/MemberRemove", "MemberRequest", "MembersResponse"),
);
export const memberPromote: Method<{ id: string }, Members> = method(
  named("Cluster/MemberPromote", "MemberRequest", "MembersResponse"),
);
export const memberUpdate: Method<{ id: string; peerUrls: readonly string[] }, Members> = method(
  named("Cluster/MemberUpdate", "MemberUpdateRequest", "MembersResponse"),
);

export const memberStatus: Method<object, WireStatus> = method(
  named("Maintenance/Status", "Empty", "StatusResponse"),
);
export const defragment: Method<object, HeaderOnly> = method(
  named("Maintenance/Defragment", "Empty", "HeaderOnly"),
);
export const alarm: Method<
  { action: number; memberId?: string; alarm?: number },
  { readonly alarms: readonly WireAlarm[] }
> = method(named("Maintenance/Alarm", "AlarmRequest", "AlarmResponse"));
export const moveLeader: Method<{ targetId: string }, HeaderOnly> = method(
  named("Maintenance/MoveLeader", "MoveLeaderRequest", "HeaderOnly"),
);
export const snapshot: Method<object, SnapshotPiece> = method({
  ...named("Maintenance/Snapshot", "Empty", "SnapshotResponse"),
  streams: { request: false, response: true },
});
