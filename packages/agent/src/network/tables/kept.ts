import type { NetworkKeyRing, PublishedPort } from "@skein/model";
import type { NetworkHead } from "./live-network.ts";
import { LiveNetwork } from "./live-network.ts";
import { LiveTables, setEntry } from "./live-tables.ts";
import type { TableRecord } from "./records.ts";
import { parseKey } from "./records.ts";

interface DataPath {
  readonly underlay: string;
  readonly port: number;
}

/** The value that is kept under a key; undefined when it is to be removed. */
const valueOf = (tables: LiveTables, key: string): unknown => {
  const parsed = parseKey(key);
  switch (parsed?.kind) {
    case undefined:
      return undefined;
    case "data-path":
      return { underlay: tables.underlay, port: tables.dataPathPort } satisfies DataPath;
    case "network-keys":
      return tables.keys;
    case "port":
      return tables.ports.get(parsed.port);
    case "network":
      return tables.networks.get(parsed.network)?.head;
    case "peer":
      return tables.networks.get(parsed.network)?.peers.get(parsed.id);
    case "endpoint":
      return tables.networks.get(parsed.network)?.endpoints.get(parsed.id);
    case "service":
      return tables.networks.get(parsed.network)?.services.get(parsed.id);
  }
};

/** What must be written to disk when these keys were touched. */
export const toRecords = (tables: LiveTables, touched: Iterable<string>): readonly TableRecord[] =>
  [...touched].map((key) => ({ key, value: valueOf(tables, key) }));

/** The tables that were kept. Entries of networks that are not there are passed over. */
export const fromRecords = (records: readonly TableRecord[], nodeId: string): LiveTables => {
  const tables = new LiveTables(nodeId);
  const parsed = records.flatMap(({ key, value }) => {
    const known = parseKey(key);
    return known && value !== undefined ? [{ known, value }] : [];
  });
  for (const { known, value } of parsed)
    if (known.kind === "network") tables.put(new LiveNetwork(value as NetworkHead, 0));
  for (const { known, value } of parsed) {
    if (known.kind === "network") continue;
    if (known.kind === "data-path") {
      const { underlay, port } = value as DataPath;
      tables.underlay = underlay;
      tables.dataPathPort = port;
    } else if (known.kind === "network-keys") tables.setKeys(value as NetworkKeyRing);
    else if (known.kind === "port") tables.setPort(known.port, value as PublishedPort);
    else {
      const network = tables.networks.get(known.network);
      if (network) setEntry(network, known.kind, { id: known.id, value });
    }
  }
  return tables;
};
