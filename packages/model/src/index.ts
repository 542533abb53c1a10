export { matchesConstraint, parseConstraint } from "./constraint.ts";
export type { Constraint } from "./constraint.ts";
export { specVersionId, STATE_FORMAT } from "./objects.ts";
export type {
  CertificateIssuer,
  Attachment,
  Cluster,
  Config,
  LogDriver,
  Meta,
  Network,
  NetworkAddresses,
  NetworkSubnet,
  NextRoot,
  Node,
  NodeState,
  Root,
  RootCa,
  Secret,
  Service,
  SpecVersion,
  StopReason,
  Task,
  TaskNetwork,
  TaskStatus,
  UpdateProgress,
  UpdateState,
} from "./objects.ts";
export { INQUIRY_PROTOCOL, KERNEL_VXLAN, whoListens } from "./inquiry.ts";
export type {
  AnswerMessage,
  EndpointFacts,
  EndpointQuestion,
  HostListener,
  InquiryMessage,
  NetworkDifference,
  NodeAnswers,
  NodeQuestion,
  PathFacts,
  PathQuestion,
  PortProtocol,
  PortRange,
  QuestionKind,
  Reach,
} from "./inquiry.ts";
export type { JoiningHost, ReachProof } from "./joining.ts";
export type { WholeNetworks } from "./protocol-1.ts";
export {
  LOGS_METHOD,
  OLDEST_AGENT_PROTOCOL,
  OLDEST_MANAGER_PROTOCOL,
  PROTOCOL_VERSION,
  SESSION_METHOD,
} from "./protocol.ts";
export type {
  Assignments,
  DownMessage,
  FileAssignment,
  LogMessage,
  LogStreamHello,
  LogSubscription,
  LogUpMessage,
  ManagerAddress,
  NetworkKeyNews,
  NetworkNews,
  RefusedPlace,
  SpecAssignment,
  TaskAssignment,
  UpMessage,
  WantedAttachment,
  WantedPlace,
} from "./protocol.ts";
export { compareStates, isDesiredAlive, isTerminal } from "./task-state.ts";
export type { TaskState } from "./task-state.ts";
export { convertServiceSpec } from "./validation/convert-service.ts";
export { isImageReference } from "./validation/image-reference.ts";
export { validateDnsName } from "./validation/names.ts";
export {
  convertNodeSpec,
  convertSwarmSpec,
  validateConfigSpec,
  validateSecretSpec,
  validateSwarmSpec,
} from "./validation/objects.ts";
export { validateServiceSpec } from "./validation/service.ts";
export { expandContainer, expandFile } from "./templates.ts";
export type { FileTemplateContext, TaskTemplateContext } from "./templates.ts";
export { portKey } from "./network-table.ts";
export type { EncryptionSupport, NetworkKey, NetworkKeyRing } from "./network-keys.ts";
export type {
  Difference,
  NetworkDelta,
  NetworkEndpoint,
  NetworkPeer,
  NetworkService,
  NetworkSnapshot,
  NetworkTable,
  NetworkTables,
  PortsDelta,
  PublishedPort,
  SubnetTable,
} from "./network-table.ts";
export {
  formatAddress,
  formatSubnet,
  holds,
  overlaps,
  parseAddress,
  parseSubnet,
  sizeOf,
} from "./ip.ts";
export type { Address, Subnet } from "./ip.ts";
