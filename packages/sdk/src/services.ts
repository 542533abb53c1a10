import type {
  Service,
  ServiceCreateResponse,
  ServiceSpec,
  ServiceUpdateResponse,
  Task,
} from "@skein/wire";
import { encodeFilters } from "./filters.ts";
import type { Filters } from "./filters.ts";
import type { Query, Request, Response, Transport } from "./transport.ts";

/** Options of GET .../logs. */
export interface LogsOptions {
  readonly follow?: boolean;
  readonly details?: boolean;
  readonly timestamps?: boolean;
  /** A time or a duration, as the API takes it. */
  readonly since?: string;
  /** A number of lines, or `all`. */
  readonly tail?: string;
  readonly signal?: AbortSignal;
}

/** Options of POST /services/{id}/update. */
export interface ServiceUpdateOptions {
  readonly rollback?: boolean;
  /** X-Registry-Auth, base64url of JSON. */
  readonly registryAuth?: string;
  /** Which spec's credentials stay in use when none are sent. */
  readonly registryAuthFrom?: "spec" | "previous-spec";
}

/** The /services routes. A reference is an id, a name, or the unique start of an id. */
export interface ServicesApi {
  /** `status` also asks for the task counts. */
  list(options?: {
    readonly filters?: Filters;
    readonly status?: boolean;
  }): Promise<readonly Service[]>;
  inspect(ref: string, insertDefaults?: boolean): Promise<Service>;
  /** The answer of inspect as it came. */
  inspectText(ref: string, insertDefaults?: boolean): Promise<string>;
  create(spec: ServiceSpec, registryAuth?: string): Promise<ServiceCreateResponse>;
  /** `version` is the index that was read with the spec. */
  update(
    id: string,
    version: number,
    spec: ServiceSpec,
    options?: ServiceUpdateOptions,
  ): Promise<ServiceUpdateResponse>;
  remove(ref: string): Promise<void>;
  /** The multiplexed stream, or plain output for a service with a TTY. */
  logs(ref: string, options?: LogsOptions): Promise<Response>;
}

/** The /tasks routes. */
export interface TasksApi {
  list(filters?: Filters): Promise<readonly Task[]>;
  inspect(ref: string): Promise<Task>;
  logs(ref: string, options?: LogsOptions): Promise<Response>;
}

const logsQuery = (options: LogsOptions): Query => ({
  stdout: 1,
  stderr: 1,
  since: options.since,
  timestamps: options.timestamps === true ? 1 : undefined,
  details: options.details === true ? 1 : undefined,
  follow: options.follow === true ? 1 : undefined,
  tail: options.tail ?? "all",
});

const openLogs = (transport: Transport, path: string, options: LogsOptions): Promise<Response> =>
  transport.open({
    method: "GET",
    path: `${path}/logs`,
    query: logsQuery(options),
    ...(options.signal ? { signal: options.signal } : {}),
  });

const authHeaders = (auth: string | undefined): Record<string, string> =>
  auth === undefined ? {} : { "X-Registry-Auth": auth };

const encode = (kind: string, ref: string): string => `/${kind}/${encodeURIComponent(ref)}`;

const inspection = (ref: string, insertDefaults = false): Request => ({
  method: "GET",
  path: encode("services", ref),
  query: { insertDefaults },
});

/** The /services routes over a transport. */
export const servicesApi = (transport: Transport): ServicesApi => ({
  list: ({ filters, status } = {}) =>
    transport.json({
      method: "GET",
      path: "/services",
      query: { filters: encodeFilters(filters), status: status === true ? true : undefined },
    }),
  inspect: (ref, insertDefaults) => transport.json(inspection(ref, insertDefaults)),
  inspectText: (ref, insertDefaults) => transport.text(inspection(ref, insertDefaults)),
  create: (spec, registryAuth) =>
    transport.json({
      method: "POST",
      path: "/services/create",
      body: spec,
      headers: authHeaders(registryAuth),
    }),
  update: (id, version, spec, options = {}) =>
    transport.json({
      method: "POST",
      path: `${encode("services", id)}/update`,
      query: {
        version,
        rollback: options.rollback === true ? "previous" : undefined,
        registryAuthFrom: options.registryAuthFrom,
      },
      body: spec,
      headers: authHeaders(options.registryAuth),
    }),
  remove: async (ref) => {
    await transport.text({ method: "DELETE", path: encode("services", ref) });
  },
  logs: (ref, options = {}) => openLogs(transport, encode("services", ref), options),
});

/** The /tasks routes over a transport. */
export const tasksApi = (transport: Transport): TasksApi => ({
  list: (filters) =>
    transport.json({ method: "GET", path: "/tasks", query: { filters: encodeFilters(filters) } }),
  inspect: (ref) => transport.json({ method: "GET", path: encode("tasks", ref) }),
  logs: (ref, options = {}) => openLogs(transport, encode("tasks", ref), options),
});
