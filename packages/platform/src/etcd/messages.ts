/*
 * The part of etcd's version 3 wire interface that is used here: message and field names are ours
 * or etcd's, numbers and types are facts of the wire. Written for protobufjs' reflection; the same
 * for etcd 3.4 to 3.6.
 */

type Field = readonly [type: string, number: number, repeated?: "repeated"];
type Fields = Readonly<Record<string, Field>>;

const header: Fields = { header: ["Header", 1] };
const withMembers: Fields = { ...header, members: ["Member", 2, "repeated"] };

const messages: Readonly<Record<string, Fields>> = {
  Header: {
    clusterId: ["uint64", 1],
    memberId: ["uint64", 2],
    revision: ["int64", 3],
    raftTerm: ["uint64", 4],
  },
  HeaderOnly: header,
  Empty: {},
  KeyValue: {
    key: ["bytes", 1],
    createRevision: ["int64", 2],
    modRevision: ["int64", 3],
    value: ["bytes", 5],
    lease: ["int64", 6],
  },
  RangeRequest: {
    key: ["bytes", 1],
    rangeEnd: ["bytes", 2],
    limit: ["int64", 3],
    revision: ["int64", 4],
    serializable: ["bool", 7],
    keysOnly: ["bool", 8],
    countOnly: ["bool", 9],
  },
  RangeResponse: {
    ...header,
    kvs: ["KeyValue", 2, "repeated"],
    more: ["bool", 3],
    count: ["int64", 4],
  },
  PutRequest: { key: ["bytes", 1], value: ["bytes", 2], lease: ["int64", 3] },
  DeleteRequest: { key: ["bytes", 1], rangeEnd: ["bytes", 2] },
  DeleteResponse: { ...header, deleted: ["int64", 2] },
  RequestOp: {
    range: ["RangeRequest", 1],
    put: ["PutRequest", 2],
    delete: ["DeleteRequest", 3],
  },
  ResponseOp: { range: ["RangeResponse", 1] },
  Compare: {
    result: ["int32", 1],
    target: ["int32", 2],
    key: ["bytes", 3],
    createRevision: ["int64", 5],
    value: ["bytes", 7],
  },
  TxnRequest: {
    compare: ["Compare", 1, "repeated"],
    success: ["RequestOp", 2, "repeated"],
    failure: ["RequestOp", 3, "repeated"],
  },
  TxnResponse: { ...header, succeeded: ["bool", 2], responses: ["ResponseOp", 3, "repeated"] },
  CompactRequest: { revision: ["int64", 1], physical: ["bool", 2] },
  WatchRequest: { create: ["WatchCreate", 1], progress: ["Empty", 3] },
  WatchCreate: {
    key: ["bytes", 1],
    rangeEnd: ["bytes", 2],
    startRevision: ["int64", 3],
    progressNotify: ["bool", 4],
    fragment: ["bool", 8],
  },
  WatchResponse: {
    ...header,
    created: ["bool", 3],
    canceled: ["bool", 4],
    compactRevision: ["int64", 5],
    cancelReason: ["string", 6],
    fragment: ["bool", 7],
    events: ["Event", 11, "repeated"],
  },
  Event: { type: ["int32", 1], kv: ["KeyValue", 2] },
  LeaseGrantRequest: { ttl: ["int64", 1], id: ["int64", 2] },
  LeaseRequest: { id: ["int64", 1] },
  LeaseResponse: { ...header, id: ["int64", 2], ttl: ["int64", 3], error: ["string", 4] },
  Member: {
    id: ["uint64", 1],
    name: ["string", 2],
    peerUrls: ["string", 3, "repeated"],
    clientUrls: ["string", 4, "repeated"],
    isLearner: ["bool", 5],
  },
  MemberAddRequest: { peerUrls: ["string", 1, "repeated"], isLearner: ["bool", 2] },
  MemberAddResponse: {
    ...header,
    member: ["Member", 2],
    members: ["Member", 3, "repeated"],
  },
  MemberRequest: { id: ["uint64", 1] },
  MemberUpdateRequest: { id: ["uint64", 1], peerUrls: ["string", 2, "repeated"] },
  MemberListRequest: { linearizable: ["bool", 1] },
  MembersResponse: withMembers,
  AlarmRequest: { action: ["int32", 1], memberId: ["uint64", 2], alarm: ["int32", 3] },
  Alarm: { memberId: ["uint64", 1], alarm: ["int32", 2] },
  AlarmResponse: { ...header, alarms: ["Alarm", 2, "repeated"] },
  StatusResponse: {
    ...header,
    version: ["string", 2],
    dbSize: ["int64", 3],
    leader: ["uint64", 4],
    raftIndex: ["uint64", 5],
    raftTerm: ["uint64", 6],
    raftAppliedIndex: ["uint64", 7],
    errors: ["string", 8, "repeated"],
    dbSizeInUse: ["int64", 9],
    isLearner: ["bool", 10],
  },
  SnapshotResponse: { ...header, remainingBytes: ["uint64", 2], blob: ["bytes", 3] },
  MoveLeaderRequest: { targetId: ["uint64", 1] },
};

const fieldOf = ([type, id, rule]: Field): object =>
  rule === undefined ? { type, id } : { type, id, rule };

/** The messages in the form that protobufjs' `Root.fromJSON` takes. */
export const messageDescriptors = (): { readonly nested: Record<string, object> } & object => ({
  nested: Object.fromEntries(
    Object.entries(messages).map(([name, fields]) => [
      name,
      {
        fields: Object.fromEntries(
          Object.entries(fields).map(([field, description]) => [field, fieldOf(description)]),
        ),
      },
    ]),
  ),
});
