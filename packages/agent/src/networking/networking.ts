import type { Clock, Logger } from "@skein/base";
import { messageOf, OperationError } from "@skein/base";
import type { NetworkNews, NetworkTable, NetworkTables, TaskNetwork } from "@skein/model";
import type { ContainerPlace, KnownPlaces } from "../attachments/ports.ts";
import type { QuestionType, Resolution } from "../discovery/resolve.ts";
import { resolve } from "../discovery/resolve.ts";
import type { EngineEndpoint, EngineNetwork } from "../network/engine-network.ts";
import { engineEndpoint, engineNetwork, engineNetworkName } from "../network/engine-network.ts";
import type { BridgePort } from "../network/kernel-state.ts";
import { mtuOf } from "../network/plan-network.ts";
import { planDataplane } from "../network/plan.ts";
import type { AuditReport, Dataplane } from "../network/ports.ts";
import { isAborted, pause } from "../shared/cancel.ts";
import { SignalBox } from "../shared/signal-box.ts";
import type { AuditCounters } from "./audit-record.ts";
import { AuditRecord } from "./audit-record.ts";
import type { NetworkMessage, NetworkReceiver } from "./receiver.ts";

/** How often the kernel is compared with what it should be, and how soon a failure is tried again, in ms. */
const AUDIT_MS = 30_000;
const RETRY_MS = 1_000;
/** How long a stopping task waits until it is out of everybody's tables, in ms. */
const WITHDRAW_MS = 2_000;

/** Networks as the engine has them. */
export interface EngineNetworks {
  /** Makes the engine's network on our bridge, unless it is there. */
  ensureNetwork(network: EngineNetwork, signal: AbortSignal): Promise<void>;
  /** Names of the networks that were made so. */
  listNetworks(signal: AbortSignal): Promise<readonly string[]>;
  /** Removes one; no error when it is gone, or still in use: it is tried again later. */
  removeNetwork(name: string, signal: AbortSignal): Promise<void>;
}

/** The tables over a restart of the daemon, while no manager answers. */
export interface TablesStore {
  load(): Promise<NetworkTables | undefined>;
  save(tables: NetworkTables): Promise<void>;
}

export interface NetworkingDependencies {
  readonly nodeId: string;
  readonly dataplane: Dataplane;
  readonly engine: EngineNetworks;
  /** Answers names on these addresses, and no others. */
  readonly names: { listen(addresses: readonly string[]): Promise<void> };
  readonly tables: TablesStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A container's place on one overlay network. */
export interface WorkloadOverlay {
  /** The engine's network. */
  readonly network: string;
  readonly endpoint: EngineEndpoint;
  /** This node's addresses there: the container's gateways, where names are answered too. */
  readonly gateways: readonly string[];
  /** The network by which published connections come in, and answers must leave. */
  readonly ingress: boolean;
}

/** Of a node that is on no network. */
export const emptyTables: NetworkTables = {
  underlay: "",
  dataPathPort: 0,
  networks: [],
  ports: [],
};

const isUnavailable = (error: unknown): boolean =>
  error instanceof OperationError && error.kind === "unavailable";

/** The tables after a message. */
const withNews = (tables: NetworkTables, news: NetworkNews): NetworkTables => {
  const replaced = new Set([...news.networks.map(({ id }) => id), ...news.removed]);
  const kept = news.kind === "full" ? [] : tables.networks.filter(({ id }) => !replaced.has(id));
  return {
    underlay: news.underlay,
    dataPathPort: news.dataPathPort,
    networks: [...kept, ...news.networks],
    ports: news.ports ?? tables.ports,
  };
};

/**
 * Keeps this node's kernel, engine and name server as the managers' tables say. Level-triggered: each
 * round brings everything to the newest tables, whatever happened before; what fails is tried again.
 */
export class Networking implements NetworkReceiver, KnownPlaces {
  readonly #deps: NetworkingDependencies;
  #tables: NetworkTables = emptyTables;
  /** What the kernel has. */
  #done: NetworkTables = emptyTables;
  #acknowledge: { readonly version: number; readonly applied: (version: number) => void }[] = [];
  readonly #ports = new Map<string, BridgePort>();
  /** The failure that the log has already. */
  #told: string | undefined;
  readonly #news = new SignalBox();
  readonly #waiters = new Set<() => void>();
  readonly #withdrawn = new Map<string, () => void>();
  readonly #record = new AuditRecord();

  constructor(dependencies: NetworkingDependencies) {
    this.#deps = dependencies;
  }

  /** Takes up the tables from before a restart, and works until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    this.#tables = (await this.#deps.tables.load()) ?? emptyTables;
    void this.#auditRegularly(signal);
    let failed = this.#tables.networks.length > 0;
    while (!signal.aborted) {
      if (failed) {
        if (!(await pause(this.#deps.clock, RETRY_MS, signal))) return;
      } else await this.#news.wait(signal).catch(() => {});
      if (!isAborted(signal)) failed = !(await this.#round(signal));
    }
  }

  receive(message: NetworkMessage, applied: (version: number) => void): void {
    if (message.type === "withdrawn") {
      for (const id of message.taskIds) this.#withdrawn.get(id)?.();
      return;
    }
    this.#tables = withNews(this.#tables, message);
    this.#acknowledge.push({ version: message.version, applied });
    this.#news.ring();
  }

  /** Answers a question of a container, known by its address. */
  resolve(
    client: string,
    question: { readonly name: string; readonly type: QuestionType },
  ): Resolution {
    const isHere = ({ endpoints }: NetworkTable): boolean =>
      endpoints.some(({ addresses }) => addresses.includes(client));
    const home = this.#tables.networks.filter(isHere);
    const names = new Set(
      home.flatMap(({ endpoints }) =>
        endpoints.flatMap(({ id, addresses }) => (addresses.includes(client) ? [id] : [])),
      ),
    );
    // The client asks from one of its networks; it may use the names of all of them, but ingress.
    const all = this.#tables.networks.filter(
      ({ ingress, endpoints }) => !ingress && endpoints.some(({ id }) => names.has(id)),
    );
    return resolve(all, question);
  }

  /** Waits until the kernel has the task's networks; gives what the engine needs to know of them. */
  async overlaysOf(
    networks: readonly TaskNetwork[],
    signal: AbortSignal,
  ): Promise<readonly WorkloadOverlay[]> {
    for (;;) {
      const tables = networks.map(({ networkId }) =>
        this.#done.networks.find(({ id }) => id === networkId),
      );
      const found = tables.filter((table) => table !== undefined);
      if (found.length === networks.length)
        return networks.flatMap((place, index): readonly WorkloadOverlay[] => {
          const table = tables[index];
          return table ? [this.#overlay(table, place)] : [];
        });
      await this.#change(signal);
    }
  }

  /** The tables as the kernel has them. */
  get applied(): NetworkTables {
    return this.#done;
  }

  placesOf(id: string): ReturnType<KnownPlaces["placesOf"]> {
    return this.#done.networks.flatMap(({ id: networkId, endpoints }) => {
      const endpoint = endpoints.find((one) => one.id === id);
      return endpoint ? [{ networkId, addresses: endpoint.addresses }] : [];
    });
  }

  async containerPlaces(
    id: string,
    networkIds: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly ContainerPlace[]> {
    for (;;) {
      const places = this.#done.networks.flatMap((table): readonly ContainerPlace[] => {
        const endpoint = table.endpoints.find((one) => one.id === id);
        return endpoint && networkIds.includes(table.id)
          ? [{ networkId: table.id, ...this.#overlay(table, endpoint) }]
          : [];
      });
      if (places.length === networkIds.length) return places;
      await this.#change(signal);
    }
  }

  /** Sees to a started container's interfaces. */
  async attached(
    pid: number,
    overlays: readonly WorkloadOverlay[],
    signal: AbortSignal,
  ): Promise<void> {
    const [first] = overlays.toSorted((a, b) => Number(b.ingress) - Number(a.ingress));
    if (!first) return;
    signal.throwIfAborted();
    const interfaces = await this.#deps.dataplane.attach({ pid, gateways: first.gateways });
    for (const { port, bridge } of interfaces) this.#ports.set(port, { bridge, hairpin: true });
    this.#news.ring();
  }

  /** Resolves when no node sends new connections to the task, or after two seconds. */
  async untilWithdrawn(taskId: string, signal: AbortSignal): Promise<void> {
    const told = new Promise<void>((done) => {
      this.#withdrawn.set(taskId, done);
    });
    await Promise.race([told, pause(this.#deps.clock, WITHDRAW_MS, signal)]);
    this.#withdrawn.delete(taskId);
  }

  /** What the audits have found since the daemon started. */
  get counters(): AuditCounters {
    return this.#record.counters;
  }

  /** The newest tables, whether or not they are in the kernel yet. */
  get tables(): NetworkTables {
    return this.#tables;
  }

  /** Networks that the engine should have. */
  get usable(): readonly NetworkTable[] {
    return this.#done.networks;
  }

  /** This node's addresses on its networks, where names are answered. */
  get gateways(): readonly string[] {
    return this.#done.networks.flatMap(({ subnets }) => subnets.map(({ gateway }) => gateway));
  }

  /** What could not be applied, as the log has it. */
  get refused(): string | undefined {
    return this.#told;
  }

  /** Compares the kernel with what it should be, repairs it, and counts. Rejects when it cannot be read. */
  async audit(): Promise<AuditReport> {
    const { clock, dataplane, logger } = this.#deps;
    try {
      const report = await dataplane.audit();
      this.#record.succeeded(report.changes, clock.now());
      if (report.differences.length > 0)
        logger.warn("networks repaired", { changes: report.changes });
      return report;
    } catch (error) {
      this.#record.failed(clock.now());
      throw error;
    } finally {
      this.#news.ring(); // the engine's networks and the names too
    }
  }

  /** The node leaves its cluster: nothing stays. */
  async discard(signal: AbortSignal): Promise<void> {
    const { dataplane, engine, names } = this.#deps;
    await names.listen([]);
    for (const name of await engine.listNetworks(signal)) await engine.removeNetwork(name, signal);
    await dataplane.remove();
    await this.#deps.tables.save(emptyTables);
  }

  #overlay(table: NetworkTable, place: Pick<TaskNetwork, "addresses">): WorkloadOverlay {
    return {
      network: engineNetworkName(table),
      endpoint: engineEndpoint(place.addresses),
      gateways: table.subnets.map(({ gateway }) => gateway),
      ingress: table.ingress,
    };
  }

  /** One way to the newest tables. False when something failed. */
  async #round(signal: AbortSignal): Promise<boolean> {
    const tables = this.#tables;
    const waiting = this.#acknowledge;
    this.#acknowledge = [];
    let problem: string | undefined;
    try {
      const { usable, refused } = await this.#apply(tables, signal);
      problem = refused;
      this.#done = { ...tables, networks: usable };
    } catch (error) {
      if (!signal.aborted) this.#tell(messageOf(error));
      this.#acknowledge = [...waiting, ...this.#acknowledge];
      return false;
    }
    this.#tell(problem);
    for (const wake of this.#waiters) wake();
    for (const { version, applied } of waiting) applied(version);
    await this.#deps.tables.save(tables).catch((error: unknown) => {
      this.#deps.logger.warn("network tables not kept", { reason: messageOf(error) });
    });
    return problem === undefined;
  }

  /** Logs what fails, once, however often it is tried again. */
  #tell(reason: string | undefined): void {
    if (reason !== undefined && reason !== this.#told)
      this.#deps.logger.warn("networks not applied", { reason });
    this.#told = reason;
  }

  /**
   * The networks that the engine has as they should be. One that it refuses (its addresses are in use on
   * this host, say) must not stand in the way of the others; while the engine does not answer, those
   * it had stay.
   */
  async #ensure(
    wanted: readonly { readonly table: NetworkTable; readonly network: EngineNetwork }[],
    signal: AbortSignal,
  ): Promise<{ readonly usable: readonly NetworkTable[]; readonly refused?: string }> {
    const usable: NetworkTable[] = [];
    const had = new Set(this.#done.networks.map(({ id }) => id));
    let refused: string | undefined;
    for (const { table, network } of wanted)
      try {
        await this.#deps.engine.ensureNetwork(network, signal);
        usable.push(table);
      } catch (error) {
        signal.throwIfAborted();
        // After a restart nothing is known to be done, but the kernel may have it: leave all as it is.
        if (this.#done.networks.length === 0 && isUnavailable(error)) throw error;
        refused ??= `${table.name}: ${messageOf(error)}`;
        if (had.has(table.id)) usable.push(table);
      }
    return { usable, ...(refused === undefined ? {} : { refused }) };
  }

  async #apply(
    tables: NetworkTables,
    signal: AbortSignal,
  ): Promise<{ readonly usable: readonly NetworkTable[]; readonly refused?: string }> {
    const { dataplane, engine, names, nodeId, logger } = this.#deps;
    if (tables.networks.length + this.#done.networks.length === 0) return { usable: [] };
    const { underlayMtu } = await dataplane.host(tables.underlay);
    const wanted = tables.networks.filter(({ encrypted }) => !encrypted);
    const engineNetworks = wanted.map((table) => ({
      table,
      network: engineNetwork(table, mtuOf(table, tables.underlay, underlayMtu)),
    }));
    const ensured = await this.#ensure(engineNetworks, signal);
    const { usable } = ensured;
    const { state, problems } = planDataplane(
      { ...tables, networks: [...usable, ...tables.networks.filter(({ encrypted }) => encrypted)] },
      { nodeId, underlayMtu, ports: this.#ports },
    );
    for (const { networkId, reason } of problems) logger.error("no network", { networkId, reason });
    await dataplane.apply(state);
    await names.listen(usable.flatMap(({ subnets }) => subnets.map(({ gateway }) => gateway)));
    const keep = new Set(engineNetworks.map(({ network }) => network.name));
    for (const name of await engine.listNetworks(signal))
      if (!keep.has(name)) await engine.removeNetwork(name, signal);
    return ensured;
  }

  async #auditRegularly(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#deps;
    while (await pause(clock, AUDIT_MS, signal)) {
      if (this.#done.networks.length === 0) continue;
      await this.audit().catch((error: unknown) => {
        logger.warn("networks not audited", { reason: messageOf(error) });
      });
    }
  }

  /** Resolves when a round ended. Rejects when the signal is aborted. */
  #change(signal: AbortSignal): Promise<void> {
    return new Promise((done, reject) => {
      const finish = (): void => {
        this.#waiters.delete(finish);
        signal.removeEventListener("abort", stop);
        done();
      };
      const stop = (): void => {
        this.#waiters.delete(finish);
        reject(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
      };
      this.#waiters.add(finish);
      signal.addEventListener("abort", stop, { once: true });
    });
  }
}
