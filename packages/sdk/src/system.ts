import type { EventMessage, SwarmInfo } from "@skein/wire";
import { encodeFilters } from "./filters.ts";
import type { Filters } from "./filters.ts";
import { lines } from "./streams.ts";
import type { Transport } from "./transport.ts";

/** The parts of GET /info that cluster tools read. */
export interface SystemInfo {
  readonly ID: string;
  readonly Name: string;
  readonly ServerVersion: string;
  readonly Swarm: SwarmInfo;
  readonly OperatingSystem?: string;
  readonly Architecture?: string;
  readonly NCPU?: number;
  readonly MemTotal?: number;
}

/** GET /version. */
export interface VersionInfo {
  readonly Platform?: { readonly Name: string };
  readonly Components?: readonly {
    readonly Name: string;
    readonly Version: string;
    readonly Details?: Readonly<Record<string, string>>;
  }[];
  readonly Version: string;
  readonly ApiVersion: string;
  readonly MinAPIVersion?: string;
  readonly GitCommit?: string;
  readonly Os?: string;
  readonly Arch?: string;
  readonly KernelVersion?: string;
}

/** What the headers of /_ping say. */
export interface Ping {
  readonly apiVersion: string;
  readonly osType: string;
  /** e.g. `active/manager`, `inactive`; empty from daemons before API 1.42. */
  readonly swarm: string;
}

/** Which events to follow: times as the API takes them. */
export interface EventsOptions {
  readonly filters?: Filters;
  readonly since?: string;
  readonly until?: string;
  readonly signal?: AbortSignal;
}

/** Routes about the daemon itself. */
export interface SystemApi {
  ping(): Promise<Ping>;
  info(): Promise<SystemInfo>;
  version(): Promise<VersionInfo>;
  /** Ends when `until` is reached, the signal is given, or the daemon goes away. */
  events(options?: EventsOptions): AsyncGenerator<EventMessage>;
}

const header = (value: string | readonly string[] | undefined): string =>
  typeof value === "string" ? value : "";

const drain = async (body: AsyncIterable<Uint8Array>): Promise<void> => {
  const chunks = body[Symbol.asyncIterator]();
  while ((await chunks.next()).done !== true);
};

async function* events(
  transport: Transport,
  { filters, since, until, signal }: EventsOptions,
): AsyncGenerator<EventMessage> {
  const response = await transport.open({
    method: "GET",
    path: "/events",
    query: { filters: encodeFilters(filters), since, until },
    ...(signal ? { signal } : {}),
  });
  for await (const line of lines(response.body))
    if (line.trim() !== "") yield JSON.parse(line) as EventMessage;
}

/** Routes about the daemon itself over a transport. */
export const systemApi = (transport: Transport): SystemApi => ({
  ping: async () => {
    const { headers, body } = await transport.open({ method: "GET", path: "/_ping" });
    // The body is read so that the connection can be used again.
    await drain(body);
    return {
      apiVersion: header(headers["api-version"]),
      osType: header(headers["ostype"]),
      swarm: header(headers["swarm"]),
    };
  },
  info: () => transport.json({ method: "GET", path: "/info" }),
  version: () => transport.json({ method: "GET", path: "/version" }),
  events: (options = {}) => events(transport, options),
});
