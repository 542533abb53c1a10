import type { LiveNetwork } from "./tables/live-network.ts";
import type { LiveTables } from "./tables/live-tables.ts";
import { entryRecord, networkRecord, parseKey, portRecord } from "./tables/records.ts";
import type { TableKey } from "./tables/records.ts";
import type { NodeFacts } from "./node-facts.ts";
import type { DataPath } from "./plan-network.ts";
import { planEndpoint, planNetwork, planPeer, planZones } from "./plan-network.ts";
import { planPort, planShared } from "./plan-ports.ts";
import { planVips } from "./plan-vips.ts";
import type { StateBuilder } from "./state-builder.ts";

/** What a round plans for. */
export interface PlanInput {
  readonly tables: LiveTables;
  /** Those of the tables' networks that the node can have. */
  readonly usable: readonly LiveNetwork[];
  readonly facts: NodeFacts;
}

/** How a unit is written; undefined: it is gone. */
type Write = ((builder: StateBuilder) => void) | undefined;

const zonesUnit = (network: string): string => `zones/${network}`;
const sharedUnit = (task: string): string => `shared/${task}`;

/** Tells which units of the wanted state must be written anew, and how. */
export class StaleUnits {
  /** The networks of the last round. */
  #planned: ReadonlyMap<string, LiveNetwork> = new Map();
  /** Service of each endpoint in the plan, by its unit: the tables may have it no more. */
  readonly #services = new Map<string, string>();
  #path: DataPath = { underlay: "", port: 0, mtu: 0 };

  /** The units that hang on these entries, and those of networks that came, went or go elsewhere. */
  find(input: PlanInput, touched: Iterable<string>): ReadonlyMap<string, Write> {
    const { tables, facts } = input;
    const usable = new Map(input.usable.map((network) => [network.head.id, network]));
    const path = { underlay: tables.underlay, port: tables.dataPathPort, mtu: facts.underlayMtu };
    const round = new Round({ ...input, path, networks: usable, services: this.#services });
    for (const [id, network] of this.#planned) if (!usable.has(id)) round.network(network);
    for (const [id, network] of usable) if (!this.#planned.has(id)) round.network(network);
    const before = this.#path;
    if (before.underlay !== path.underlay || before.port !== path.port || before.mtu !== path.mtu)
      for (const id of usable.keys()) round.head(id);
    for (const key of touched) {
      const parsed = parseKey(key);
      if (parsed) round.touched(parsed);
    }
    this.#planned = usable;
    this.#path = path;
    return round.stale;
  }
}

interface RoundInput extends PlanInput {
  readonly path: DataPath;
  readonly networks: ReadonlyMap<string, LiveNetwork>;
  readonly services: Map<string, string>;
}

/** Follows the entries of one round to the units that are made of them. */
class Round {
  readonly stale = new Map<string, Write>();
  readonly #input: RoundInput;
  readonly #ingress: LiveNetwork | undefined;

  constructor(input: RoundInput) {
    this.#input = input;
    this.#ingress = input.usable.find(({ head }) => head.ingress);
  }

  touched(key: TableKey): void {
    if (key.kind === "port") this.#port(key.port);
    else if (key.kind === "network") {
      const network = this.#input.networks.get(key.network);
      if (network) this.network(network);
    } else if (key.kind === "peer") this.#peer(key.network, key.id);
    else if (key.kind === "endpoint") this.#endpoint(key.network, key.id);
    else if (key.kind === "service") this.#service(key.network, key.id);
  }

  /** All of a network, which is new, gone, or another than it was. */
  network({ head: { id, ingress }, peers, endpoints, services }: LiveNetwork): void {
    this.head(id);
    for (const peer of peers.keys()) this.#peer(id, peer);
    for (const endpoint of endpoints.keys()) this.#endpoint(id, endpoint);
    for (const service of services.keys()) this.#service(id, service);
    if (ingress) for (const port of this.#input.tables.ports.keys()) this.#port(port);
  }

  head(id: string): void {
    const network = this.#input.networks.get(id);
    const { path } = this.#input;
    this.stale.set(
      networkRecord(id),
      network && ((builder) => planNetwork(builder, network.head, path)),
    );
    this.#zones(id);
  }

  #zones(id: string): void {
    const network = this.#input.networks.get(id);
    this.stale.set(zonesUnit(id), network && ((builder) => planZones(builder, network)));
  }

  /** A node, and what lies behind it. */
  #peer(id: string, node: string): void {
    const network = this.#input.networks.get(id);
    const peer = network?.peers.get(node);
    this.stale.set(
      entryRecord(id, "peer", node),
      network && peer && ((builder) => planPeer(builder, network.head, peer)),
    );
    this.#zones(id);
    for (const endpoint of network?.endpointsOn(node) ?? []) this.#endpointAlone(id, endpoint.id);
  }

  #endpoint(id: string, endpointId: string): void {
    const unit = entryRecord(id, "endpoint", endpointId);
    const { networks, services } = this.#input;
    const before = services.get(unit);
    const after = networks.get(id)?.endpoints.get(endpointId)?.serviceId;
    if (after === undefined) services.delete(unit);
    else services.set(unit, after);
    this.#endpointAlone(id, endpointId);
    for (const service of new Set([before, after]))
      if (service !== undefined) this.#tasksOf(id, service);
    this.#shared(endpointId);
  }

  #endpointAlone(id: string, endpointId: string): void {
    const network = this.#input.networks.get(id);
    const endpoint = network?.endpoints.get(endpointId);
    const isLocal = endpoint?.nodeId === this.#input.facts.nodeId;
    this.stale.set(
      entryRecord(id, "endpoint", endpointId),
      network && endpoint && ((builder) => planEndpoint(builder, network, { endpoint, isLocal })),
    );
  }

  /** What leads to the tasks of a service on this network. */
  #tasksOf(id: string, service: string): void {
    this.#service(id, service);
    if (id !== this.#ingress?.head.id) return;
    for (const port of this.#input.tables.portsOf(service)) this.#port(port);
  }

  #service(id: string, serviceId: string): void {
    const network = this.#input.networks.get(id);
    const service = network?.services.get(serviceId);
    this.stale.set(
      entryRecord(id, "service", serviceId),
      network &&
        service &&
        ((builder) => planVips(builder, id, { service, tasks: network.activeOf(serviceId) })),
    );
  }

  #port(key: string): void {
    const port = this.#input.tables.ports.get(key);
    const ingress = this.#ingress;
    const { nodeId } = this.#input.facts;
    this.stale.set(
      portRecord(key),
      port && ingress && ((builder) => planPort(builder, port, { ingress, nodeId })),
    );
  }

  #shared(task: string): void {
    const endpoint = this.#ingress?.endpoints.get(task);
    const { usable } = this.#input;
    const isReached = endpoint?.active === true && endpoint.serviceId !== undefined;
    this.stale.set(
      sharedUnit(task),
      isReached ? (builder) => planShared(builder, endpoint, usable) : undefined,
    );
  }
}
