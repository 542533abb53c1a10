export { createApi } from "./api.ts";
export type { Api, ApiDependencies } from "./api.ts";
export type {
  AskedPlace,
  AttachmentBackend,
  Backend,
  ConfigBackend,
  EventBackend,
  Filters,
  GivenPlace,
  InfoBackend,
  LogBackend,
  LocalNetworkView,
  LogLine,
  LogOptions,
  LogSelector,
  LogStream,
  NamedNetwork,
  NetworkBackend,
  NodeBackend,
  SecretBackend,
  ServiceBackend,
  SwarmBackend,
  SwarmUpdateFlags,
  TaskBackend,
} from "./backend.ts";
export { errorResponse, errorText } from "./error-response.ts";
export type { ApiBody, ApiRequest, ApiResponse, EngineApi, EngineResponse } from "./http.ts";
