import { readFileSync } from "node:fs";
import type { NetworkingParts, TablesStore } from "@skein/agent";
import type { Logger } from "@skein/base";
import {
  deriveKey,
  newDiagnostics,
  newLinuxDataplane,
  newNameRedirection,
  newNameServer,
} from "@skein/platform";
import type { EngineExecutor } from "@skein/platform";

const DNS_PORT = 53;
const RESOLV_CONF = "/etc/resolv.conf";

/** The node's own resolvers; none when the file can't be read. */
const resolversIn = (text: string): readonly string[] =>
  text.split("\n").flatMap((line) => {
    const [keyword, address] = line.trim().split(/\s+/);
    return keyword === "nameserver" && address !== undefined ? [address] : [];
  });

/** This host's own resolvers. */
export const nodeResolvers = (): readonly string[] => {
  try {
    return resolversIn(readFileSync(RESOLV_CONF, "utf8"));
  } catch {
    return []; // a host without resolvers: only names of the cluster are answered
  }
};

/** The parts of this host's data plane. */
export const newNetworkingParts = (parts: {
  readonly executor: EngineExecutor;
  readonly tables: TablesStore;
  readonly logger: Logger;
}): NetworkingParts => ({
  dataplane: newLinuxDataplane({}),
  deriveKey,
  engine: parts.executor.networks,
  containers: parts.executor.plain,
  redirection: newNameRedirection(nodeResolvers),
  tables: parts.tables,
  diagnostics: newDiagnostics(),
  newNames: (resolve) =>
    newNameServer({ port: DNS_PORT, resolve, resolvers: nodeResolvers, logger: parts.logger }),
});
