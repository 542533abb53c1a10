import type { AuditReport, Dataplane } from "../network/ports.ts";
import type { Diagnostics } from "../inquiry/ports.ts";
import type { Networking } from "../networking/networking.ts";
import type { EngineNetworks } from "../networking/ports.ts";
import { messageOf } from "@skein/base";
import { engineNetworkName } from "../network/engine-network.ts";
import type { NetworkHealth } from "./network-checks.ts";

export interface HealthDependencies {
  readonly networking: Networking;
  readonly dataplane: Dataplane;
  readonly engine: EngineNetworks;
  readonly diagnostics: Diagnostics;
}

const NAMES_PORT = 53;

type Looked = Pick<AuditReport, "differences"> & { readonly failure?: string };

const look = async (
  { networking, dataplane }: HealthDependencies,
  repair: boolean,
): Promise<Looked> => {
  try {
    if (repair) return await networking.audit();
    return { differences: await dataplane.compare() };
  } catch (error) {
    return { differences: [], failure: messageOf(error) };
  }
};

const silentGateways = async ({
  networking,
  diagnostics,
}: HealthDependencies): Promise<readonly string[]> => {
  const listeners = await diagnostics.listeners([
    { protocol: "udp", first: NAMES_PORT, last: NAMES_PORT },
  ]);
  const answered = new Set(listeners.map(({ address }) => address));
  return networking.gateways.filter((gateway) => !answered.has(gateway));
};

const lostInEngine = async ({
  networking,
  engine,
}: HealthDependencies): Promise<readonly string[]> => {
  const had = new Set(await engine.listNetworks(new AbortController().signal));
  return networking.usable
    .filter((head) => !had.has(engineNetworkName(head)))
    .map(({ name }) => name);
};

/**
 * Looks at this node's networks: kernel, engine, names, firewall. With `repair` what differs is repaired
 * at once, otherwise within 30 seconds. Rejects when the engine or the host's programs do not answer.
 */
export const networkHealth = async (
  deps: HealthDependencies,
  repair: boolean,
): Promise<NetworkHealth> => {
  const { networking, dataplane } = deps;
  const lost = await lostInEngine(deps);
  const silent = await silentGateways(deps);
  const looked = await look(deps, repair);
  return {
    networks: [...networking.tables.networks.values()].map(({ head }) => head.name),
    ...looked,
    repaired: repair && looked.failure === undefined,
    ...(networking.refused === undefined ? {} : { refused: networking.refused }),
    lostInEngine: lost,
    silentGateways: silent,
    warnings: await dataplane.warnings(),
    counters: networking.counters,
  };
};
