/**
 * Each entry of a node's tables has a key: by it the entry is kept on disk, and by it is told what a message
 * changed. `data-path`, `network-keys`, `port/tcp/8080`, `network/<id>`, `network/<id>/endpoint/<task id>`.
 */
export interface TableRecord {
  readonly key: string;
  /** Undefined: there is none any more. */
  readonly value: unknown;
}

/** The kinds of entries that a network has. */
export type EntryKind = "peer" | "endpoint" | "service";

/** What a key says. */
export type TableKey =
  | { readonly kind: "data-path" }
  | { readonly kind: "network-keys" }
  | { readonly kind: "port"; readonly port: string }
  | { readonly kind: "network"; readonly network: string }
  | { readonly kind: EntryKind; readonly network: string; readonly id: string };

export const DATA_PATH = "data-path";

export const NETWORK_KEYS = "network-keys";

export const portRecord = (port: string): string => `port/${port}`;

export const networkRecord = (network: string): string => `network/${network}`;

export const entryRecord = (network: string, kind: EntryKind, id: string): string =>
  `network/${network}/${kind}/${id}`;

/** Undefined for keys of an older version. */
export const parseKey = (key: string): TableKey | undefined => {
  if (key === DATA_PATH) return { kind: "data-path" };
  if (key === NETWORK_KEYS) return { kind: "network-keys" };
  const [table, first = "", kind, ...rest] = key.split("/");
  if (table === "port") return { kind: "port", port: key.slice("port/".length) };
  if (table !== "network") return undefined;
  if (kind === undefined) return { kind: "network", network: first };
  if (kind !== "peer" && kind !== "endpoint" && kind !== "service") return undefined;
  return { kind, network: first, id: rest.join("/") };
};
