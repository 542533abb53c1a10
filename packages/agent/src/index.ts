export { createAgent } from "./agent.ts";
export type {
  Agent,
  AgentDependencies,
  AgentOptions,
  NetworkingParts,
  StopOptions,
} from "./agent.ts";
export { CertificateKeeper } from "./certificates/keeper.ts";
export type { CertificateNews, NodeCertificates } from "./certificates/keeper.ts";
export type { CertificateLife } from "./certificates/renewal-moment.ts";
export type {
  ContainerState,
  ContainerSummary,
  EngineEvent,
  Executor,
  HostDescription,
  LogOptions,
  LogStream,
  ManagerConnection,
  ManagerDialer,
  RemotesStore,
  StoredTask,
  TaskStore,
  TaskStoreChanges,
  Templates,
  Workload,
  WorkloadFile,
} from "./ports.ts";
export type {
  Diagnostics,
  InsideFacts,
  InsideInterface,
  ProbeAnswer,
  ProbeRequest,
} from "./inquiry/ports.ts";
export { problem } from "./doctor/checks.ts";
export { managerChecks } from "./doctor/manager-checks.ts";
export type { ManagerFacts, MemberFacts } from "./doctor/manager-checks.ts";
export { networkChecks } from "./doctor/network-checks.ts";
export type { AuditCounters } from "./networking/audit-record.ts";
export type { NetworkHealth } from "./doctor/network-checks.ts";
export {
  certificateChecks,
  clockChecks,
  clusterChecks,
  diskChecks,
  engineChecks,
  kernelChecks,
  portChecks,
} from "./doctor/host-checks.ts";
export type {
  ClusterFacts,
  CertificateFacts,
  DiskFacts,
  EngineFacts,
  NeededPort,
} from "./doctor/host-checks.ts";
export type { ClusterNews } from "./session/session.ts";
export type { Attachments, Held } from "./attachments/attachments.ts";
export { placeOf, plainEndpointBody } from "./attachments/endpoint-body.ts";
export type { EngineEndpointSettings } from "./attachments/endpoint-body.ts";
export type {
  ContainerPlace,
  NameRedirection,
  PlainContainer,
  PlainContainers,
} from "./attachments/ports.ts";
export { planDataplane } from "./network/plan.ts";
export type { DataplanePlan, PlanProblem } from "./network/plan.ts";
export type { NodeFacts } from "./network/node-facts.ts";
export { encryptedPort, KEY_BYTES } from "./network/encryption.ts";
export type { DeriveKey } from "./network/encryption.ts";
export { mtuOf } from "./network/plan-network.ts";
export { diffKernel, diffTouched, isReplaced } from "./network/diff.ts";
export { mergeChanges } from "./network/apply-changes.ts";
export type { Touched } from "./network/touched.ts";
export { Planner } from "./network/planner.ts";
export type { PlanInput } from "./network/stale-units.ts";
export { LiveTables, liveTables } from "./network/tables/live-tables.ts";
export { countChanges, isEmpty } from "./network/changes.ts";
export type {
  Change,
  FilterChange,
  KernelChanges,
  SetElement,
  TableChange,
} from "./network/changes.ts";
export { describeChanges, differenceText } from "./network/describe-changes.ts";
export { emptyKernelState, keyOf } from "./network/kernel-state.ts";
export type {
  Bridge,
  BridgePort,
  DeviceAddress,
  FloodEntry,
  ForwardFilter,
  ForwardingEntry,
  KernelState,
  Neighbour,
  NftChain,
  NftRule,
  NftSet,
  NftTable,
  SecurityAssociation,
  SecurityPolicy,
  TableFamily,
  Vxlan,
} from "./network/kernel-state.ts";
export type { Family } from "./network/addresses.ts";
export { FORWARD_CHAIN } from "./network/forward-rules.ts";
export { BRIDGE_PREFIX, bridgeName, VXLAN_PREFIX, vxlanName } from "./network/names.ts";
export { TABLE } from "./network/ruleset.ts";
export {
  dockerEndpointBody,
  dockerNetworkBody,
  engineEndpoint,
  engineNetwork,
  engineNetworkName,
  networkIdOf,
  podmanNetworkBody,
} from "./network/engine-network.ts";
export type { EngineEndpoint, EngineNetwork } from "./network/engine-network.ts";
export type {
  AttachedInterface,
  Attachment,
  AuditReport,
  Dataplane,
  DataplaneReport,
  HostNetwork,
} from "./network/ports.ts";
export type { QuestionType, Resolution } from "./discovery/resolve.ts";
export { ENGINE_PREFIX } from "./network/engine-network.ts";
export type { EngineNetworks, TablesStore, WorkloadOverlay } from "./networking/ports.ts";
export type { LiveNetwork, NetworkHead } from "./network/tables/live-network.ts";
export type { TableRecord } from "./network/tables/records.ts";
