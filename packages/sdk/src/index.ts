export { parseAddress } from "./address.ts";
export type { Address } from "./address.ts";
export { createClient } from "./client.ts";
export type { Client } from "./client.ts";
export type { SwarmApi, SwarmRotations } from "./cluster.ts";
export type { BackupApi } from "./backup.ts";
export type { DiagnosisApi, ExamineOptions, TraceOptions } from "./diagnosis.ts";
export { ApiError, ConnectionError, isNotFound, isOutOfSequence } from "./errors.ts";
export { encodeFilters } from "./filters.ts";
export type { Filters } from "./filters.ts";
export type { NodesApi } from "./nodes.ts";
export { toPlatforms } from "./objects.ts";
export type { ConfigsApi, DistributionInfo, FilesApi, NetworksApi, SecretsApi } from "./objects.ts";
export { isTransient, modify, retry } from "./retry.ts";
export type { RetryOptions } from "./retry.ts";
export type { LogsOptions, ServicesApi, ServiceUpdateOptions, TasksApi } from "./services.ts";
export { demultiplex, lines } from "./streams.ts";
export type { LogFrame } from "./streams.ts";
export type { EventsOptions, Ping, SystemApi, SystemInfo, VersionInfo } from "./system.ts";
export { createTransport } from "./transport.ts";
export type {
  Query,
  Request,
  Response,
  TlsOptions,
  Transport,
  TransportOptions,
} from "./transport.ts";
