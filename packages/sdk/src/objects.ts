import type {
  Config,
  ConfigSpec,
  IdResponse,
  Network,
  NetworkCreateRequest,
  NetworkCreateResponse,
  Platform,
  Secret,
  SecretSpec,
  Version,
} from "@skein/wire";
import { encodeFilters } from "./filters.ts";
import type { Filters } from "./filters.ts";
import type { Transport } from "./transport.ts";

/** Routes that secrets and configs share. */
export interface FilesApi<T, Spec> {
  list(filters?: Filters): Promise<readonly T[]>;
  inspect(ref: string): Promise<T>;
  inspectText(ref: string): Promise<string>;
  create(spec: Spec): Promise<string>;
  /** Only labels can change. */
  update(id: string, version: Version, spec: Spec): Promise<void>;
  remove(ref: string): Promise<void>;
}

/** The /secrets routes. */
export type SecretsApi = FilesApi<Secret, SecretSpec>;

/** The /configs routes. */
export type ConfigsApi = FilesApi<Config, ConfigSpec>;

/** The /secrets or /configs routes over a transport. */
export const filesApi = <T, Spec>(
  transport: Transport,
  kind: "secrets" | "configs",
): FilesApi<T, Spec> => {
  const path = (ref: string): string => `/${kind}/${encodeURIComponent(ref)}`;
  return {
    list: (filters) =>
      transport.json({
        method: "GET",
        path: `/${kind}`,
        query: { filters: encodeFilters(filters) },
      }),
    inspect: (ref) => transport.json({ method: "GET", path: path(ref) }),
    inspectText: (ref) => transport.text({ method: "GET", path: path(ref) }),
    create: async (spec) => {
      const request = { method: "POST", path: `/${kind}/create`, body: spec } as const;
      return (await transport.json<IdResponse>(request)).ID;
    },
    update: async (id, version, spec) => {
      const query = { version: version.Index ?? 0 };
      await transport.text({ method: "POST", path: `${path(id)}/update`, query, body: spec });
    },
    remove: async (ref) => {
      await transport.text({ method: "DELETE", path: path(ref) });
    },
  };
};

/** The /networks routes that clusters need. */
export interface NetworksApi {
  list(filters?: Filters): Promise<readonly Network[]>;
  /** `scope` restricts the search, e.g. to `swarm`. */
  inspect(ref: string, scope?: string): Promise<Network>;
  create(request: NetworkCreateRequest): Promise<NetworkCreateResponse>;
  remove(ref: string): Promise<void>;
}

const networkPath = (ref: string): string => `/networks/${encodeURIComponent(ref)}`;

/** The /networks routes over a transport. */
export const networksApi = (transport: Transport): NetworksApi => {
  return {
    list: (filters) =>
      transport.json({
        method: "GET",
        path: "/networks",
        query: { filters: encodeFilters(filters) },
      }),
    inspect: (ref, scope) =>
      transport.json({ method: "GET", path: networkPath(ref), query: { scope } }),
    create: (request) =>
      transport.json({ method: "POST", path: "/networks/create", body: request }),
    remove: async (ref) => {
      await transport.text({ method: "DELETE", path: networkPath(ref) });
    },
  };
};

/** What a registry says about an image: its digest and what it runs on. */
export interface DistributionInfo {
  readonly Descriptor: { readonly digest: string };
  readonly Platforms: readonly {
    readonly architecture?: string;
    readonly os?: string;
  }[];
}

/** Asks the registry of `image` through the daemon. */
export const inspectDistribution = (
  transport: Transport,
  image: string,
  registryAuth?: string,
): Promise<DistributionInfo> =>
  transport.json({
    method: "GET",
    path: `/distribution/${image}/json`,
    headers: registryAuth === undefined ? {} : { "X-Registry-Auth": registryAuth },
  });

/** Platforms in the shape that a service's placement takes. */
export const toPlatforms = (info: DistributionInfo): readonly Platform[] =>
  info.Platforms.map(({ architecture, os }) => ({
    ...(architecture === undefined ? {} : { Architecture: architecture }),
    ...(os === undefined ? {} : { OS: os }),
  }));
