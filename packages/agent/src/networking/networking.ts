import type { Clock } from "@skein/base";
import { messageOf } from "@skein/base";
import type { EncryptionSupport, NetworkEndpoint, TaskNetwork } from "@skein/model";
import type { ContainerPlace, KnownPlaces } from "../attachments/ports.ts";
import type { QuestionType, Resolution } from "../discovery/resolve.ts";
import { engineEndpoint, engineNetworkName } from "../network/engine-network.ts";
import type { BridgePort } from "../network/kernel-state.ts";
import type { AuditReport } from "../network/ports.ts";
import { isAborted, pause } from "../shared/cancel.ts";
import { SignalBox } from "../shared/signal-box.ts";
import { fromRecords, toRecords } from "../network/tables/kept.ts";
import type { NetworkHead } from "../network/tables/live-network.ts";
import { LiveTables } from "../network/tables/live-tables.ts";
import { entryRecord, networkRecord, portRecord } from "../network/tables/records.ts";
import type { AuditCounters } from "./audit-record.ts";
import { AuditRecord } from "./audit-record.ts";
import { resolveFor } from "./container-names.ts";
import type { TablesStore, WorkloadOverlay } from "./ports.ts";
import type { NetworkMessage, NetworkReceiver } from "./receiver.ts";
import type { Applied, ReconcilerDependencies } from "./reconciler.ts";
import { gatewaysOf, Reconciler } from "./reconciler.ts";
import { Rounds } from "../shared/rounds.ts";
import { Withdrawn } from "./withdrawn.ts";

/** How often the kernel is compared with what it should be, and how soon a failure is tried again, in ms. */
const AUDIT_MS = 30_000;
const RETRY_MS = 1_000;

export interface NetworkingDependencies extends ReconcilerDependencies {
  readonly tables: TablesStore;
  readonly clock: Clock;
}

interface Acknowledgement {
  readonly version: number;
  readonly applied: (version: number) => void;
}

/**
 * Keeps this node's kernel, engine and name server as the managers' tables say. Level-triggered: each
 * round brings everything to the newest tables, whatever happened before; what fails is tried again.
 */
export class Networking implements NetworkReceiver, KnownPlaces {
  readonly #deps: NetworkingDependencies;
  readonly #reconciler: Reconciler;
  readonly #rounds = new Rounds();
  readonly #withdrawn: Withdrawn;
  #tables: LiveTables;
  /** Entries of the tables that differ from what is in the plan, and from what is on disk. */
  #touched = new Set<string>();
  #unsaved = new Set<string>();
  /** Those that the round at work puts into the plan. */
  #planning: ReadonlySet<string> = new Set();
  #acknowledge: Acknowledgement[] = [];
  readonly #ports = new Map<string, BridgePort>();
  /** The failure that the log has already. */
  #told: string | undefined;
  readonly #news = new SignalBox();
  readonly #record = new AuditRecord();

  constructor(dependencies: NetworkingDependencies) {
    this.#deps = dependencies;
    this.#reconciler = new Reconciler(dependencies);
    this.#withdrawn = new Withdrawn(dependencies.clock);
    this.#tables = new LiveTables(dependencies.nodeId);
  }

  /** Takes up the tables from before a restart, and works until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { tables, nodeId, clock } = this.#deps;
    this.#tables = fromRecords(await tables.load(), nodeId);
    for (const id of this.#tables.networks.keys()) this.#touched.add(networkRecord(id));
    for (const key of this.#tables.ports.keys()) this.#touched.add(portRecord(key));
    void this.#auditRegularly(signal);
    // The kernel has them still, and containers ask: the engine may take seconds to answer.
    await this.#reconciler.answerNames(this.#tables);
    let failed = this.#tables.networks.size > 0;
    while (!signal.aborted) {
      if (failed) {
        if (!(await pause(clock, RETRY_MS, signal))) return;
      } else await this.#news.wait(signal).catch(() => {});
      if (!isAborted(signal)) failed = !(await this.#round(signal));
    }
  }

  receive(message: NetworkMessage, applied: (version: number) => void): void {
    if (message.type === "withdrawn") {
      this.#withdrawn.tell(message.taskIds);
      return;
    }
    const touched =
      message.type === "network-keys"
        ? this.#tables.setKeys(message.keys)
        : this.#tables.apply(message);
    for (const key of touched) {
      this.#touched.add(key);
      this.#unsaved.add(key);
    }
    if (message.type === "networks") this.#acknowledge.push({ version: message.version, applied });
    this.#news.ring();
  }

  /** Whether this node can be on encrypted networks; tried out once. */
  encryption(): Promise<EncryptionSupport> {
    return this.#reconciler.encryption();
  }

  /** Answers a question of a container, known by its address. */
  resolve(
    client: string,
    question: { readonly name: string; readonly type: QuestionType },
  ): Resolution {
    const { networks } = this.#tables;
    const gone = this.#reconciler.present.filter(({ head }) => !networks.has(head.id));
    return resolveFor([...networks.values(), ...gone], client, question);
  }

  /**
   * Waits until the kernel has the task's networks; gives what the engine needs to know of them. Rejects
   * (kind `failed-precondition`) when one is encrypted and this node's kernel can't do that.
   */
  async overlaysOf(
    networks: readonly TaskNetwork[],
    signal: AbortSignal,
  ): Promise<readonly WorkloadOverlay[]> {
    for (;;) {
      const found = networks.flatMap((place): readonly WorkloadOverlay[] => {
        const head = this.#reconciler.done.get(place.networkId);
        return head ? [overlayOf(head, place)] : [];
      });
      if (found.length === networks.length) return found;
      this.#reconciler.check(networks.map(({ networkId }) => this.#tables.networks.get(networkId)));
      await this.#rounds.next(signal);
    }
  }

  placesOf(id: string): ReturnType<KnownPlaces["placesOf"]> {
    return [...this.#reconciler.done.keys()].flatMap((networkId) => {
      const endpoint = this.#applied(networkId, id);
      return endpoint ? [{ networkId, addresses: endpoint.addresses }] : [];
    });
  }

  async containerPlaces(
    id: string,
    networkIds: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly ContainerPlace[]> {
    for (;;) {
      const places = networkIds.flatMap((networkId): readonly ContainerPlace[] => {
        const head = this.#reconciler.done.get(networkId);
        const endpoint = this.#applied(networkId, id);
        return head && endpoint ? [{ networkId, ...overlayOf(head, endpoint) }] : [];
      });
      if (places.length === networkIds.length) return places;
      this.#reconciler.check(networkIds.map((one) => this.#tables.networks.get(one)));
      await this.#rounds.next(signal);
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
  untilWithdrawn(taskId: string, signal: AbortSignal): Promise<void> {
    return this.#withdrawn.until(taskId, signal);
  }

  /** What the audits have found since the daemon started. */
  get counters(): AuditCounters {
    return this.#record.counters;
  }

  /** The newest tables, whether or not they are in the kernel yet. */
  get tables(): LiveTables {
    return this.#tables;
  }

  /** Networks that the kernel has, and the engine should have. */
  get usable(): readonly NetworkHead[] {
    return [...this.#reconciler.done.values()];
  }

  /** This node's addresses on its networks, where names are answered. */
  get gateways(): readonly string[] {
    return this.usable.flatMap(gatewaysOf);
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
      this.#reconciler.forget(); // the engine's networks and the names too
      this.#news.ring();
    }
  }

  /** The node leaves its cluster: nothing stays. */
  async discard(signal: AbortSignal): Promise<void> {
    const { dataplane, engine, names, tables } = this.#deps;
    await names.listen([]);
    for (const name of await engine.listNetworks(signal)) await engine.removeNetwork(name, signal);
    await dataplane.remove();
    await tables.clear();
  }

  /** An endpoint that the kernel has as the tables say. */
  #applied(networkId: string, id: string): NetworkEndpoint | undefined {
    const key = entryRecord(networkId, "endpoint", id);
    if (!this.#reconciler.done.has(networkId) || this.#touched.has(key) || this.#planning.has(key))
      return undefined;
    return this.#tables.networks.get(networkId)?.endpoints.get(id);
  }

  /** One way to the newest tables. False when something failed. */
  async #round(signal: AbortSignal): Promise<boolean> {
    const waiting = this.#acknowledge;
    const touched = this.#touched;
    this.#acknowledge = [];
    this.#touched = new Set();
    this.#planning = touched;
    let result: Applied;
    try {
      const input = { tables: this.#tables, touched, ports: this.#ports };
      result = await this.#reconciler.apply(input, signal);
    } catch (error) {
      if (!signal.aborted) this.#tell(messageOf(error));
      this.#acknowledge = [...waiting, ...this.#acknowledge];
      for (const key of touched) this.#touched.add(key);
      return false;
    } finally {
      this.#planning = new Set();
    }
    this.#tell(result.refused);
    this.#rounds.ended();
    for (const { version, applied } of waiting) applied(version);
    await this.#save();
    return result.refused === undefined && !result.lingers;
  }

  /** Keeps what was touched; what the disk refuses is tried again with the next round. */
  async #save(): Promise<void> {
    const keys = this.#unsaved;
    if (keys.size === 0) return;
    this.#unsaved = new Set();
    try {
      await this.#deps.tables.save(toRecords(this.#tables, keys));
    } catch (error) {
      for (const key of keys) this.#unsaved.add(key);
      this.#deps.logger.warn("network tables not kept", { reason: messageOf(error) });
    }
  }

  /** Logs what fails, once, however often it is tried again. */
  #tell(reason: string | undefined): void {
    if (reason !== undefined && reason !== this.#told)
      this.#deps.logger.warn("networks not applied", { reason });
    this.#told = reason;
  }

  async #auditRegularly(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#deps;
    while (await pause(clock, AUDIT_MS, signal)) {
      if (this.#reconciler.done.size === 0) continue;
      await this.audit().catch((error: unknown) => {
        logger.warn("networks not audited", { reason: messageOf(error) });
      });
    }
  }
}

const overlayOf = (head: NetworkHead, place: Pick<TaskNetwork, "addresses">): WorkloadOverlay => ({
  network: engineNetworkName(head),
  endpoint: engineEndpoint(place.addresses),
  gateways: gatewaysOf(head),
  ingress: head.ingress,
});
