export { Control } from "./control.ts";
export { checkClusterUpdate, updateCluster } from "./control-api/cluster.ts";
export type { ClusterUpdate } from "./control-api/cluster.ts";
export { Dispatcher } from "./dispatcher/dispatcher.ts";
export type { SessionPeer, SessionPort } from "./dispatcher/dispatcher.ts";
export type { SessionLink } from "./dispatcher/session.ts";
export { eventsOf } from "./events/cluster-events.ts";
export type { ClusterEvent } from "./events/cluster-events.ts";
export { AddressAllocator } from "./allocator/addresses.ts";
export { Leader } from "./leader.ts";
export { Candidate } from "./leadership/candidate.ts";
export { freshView, noLeader } from "./leadership/fresh-view.ts";
export { LogBroker } from "./log-broker/broker.ts";
export type { LogPublication, LogRequest, TaskLog } from "./log-broker/broker.ts";
export {
  checkJoiningHost,
  createNode,
  isRevoked,
  recordCertificate,
  roleForRenewal,
  roleOfToken,
  theCluster,
} from "./membership/admission.ts";
export { checkManagerProtocol } from "./membership/versions.ts";
export type { SpokenProtocols } from "./membership/versions.ts";
export type { NewNode, Role } from "./membership/admission.ts";
export {
  bootstrapCluster,
  DEFAULT_ADDR_POOL,
  DEFAULT_DATA_PATH_PORT,
  DEFAULT_SUBNET_SIZE,
} from "./membership/bootstrap.ts";
export type { NewCluster } from "./membership/bootstrap.ts";
export {
  planMembers,
  recordManagerAddress,
  releaseManager,
  withdrawManager,
} from "./membership/roles.ts";
export type { MemberStep, QuorumMember } from "./membership/roles.ts";
export { takeOver } from "./membership/take-over.ts";
export { networkTable, publishedPorts } from "./networks/tables.ts";
export { Pipeline } from "./pipeline.ts";
export type { PlanContext, PlanOutcome } from "./ports.ts";
export { toClusterInfo } from "./present/cluster.ts";
export { findNode, findService, findTask } from "./present/lookup.ts";
export { networkPasses } from "./present/network-filters.ts";
export { rootChangeOf, withKnownRoot, withRotation } from "./root-rotation/change.ts";
export { certificateLifeMs } from "./root-rotation/revocations.ts";
export { issuingRoot, trustedRoots } from "./root-rotation/roots.ts";
export { explainPlacement } from "./scheduler/explain.ts";
export type { NodeRefusal } from "./scheduler/explain.ts";
export { createService } from "./service-spec.ts";
export { Scheduler } from "./scheduler/scheduler.ts";
