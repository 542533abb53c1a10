import type { Logger } from "@skein/base";
import { OperationError } from "@skein/base";
import type { EncryptionSupport } from "@skein/model";
import type { DeriveKey } from "../network/encryption.ts";
import type { BridgePort } from "../network/kernel-state.ts";
import type { NodeFacts } from "../network/node-facts.ts";
import { problemOf } from "../network/plan.ts";
import { Planner } from "../network/planner.ts";
import type { Dataplane } from "../network/ports.ts";
import type { LiveNetwork, NetworkHead } from "../network/tables/live-network.ts";
import type { LiveTables } from "../network/tables/live-tables.ts";
import { EngineSide } from "./engine-side.ts";
import type { EngineNetworks } from "./ports.ts";

export interface ReconcilerDependencies {
  readonly nodeId: string;
  readonly dataplane: Dataplane;
  readonly deriveKey: DeriveKey;
  readonly engine: EngineNetworks;
  /** Answers names on these addresses, and no others. */
  readonly names: { listen(addresses: readonly string[]): Promise<void> };
  readonly logger: Logger;
}

/** What a round goes to. */
interface ReconcileInput {
  readonly tables: LiveTables;
  /** Keys of what is different in the tables since the last round that went well. */
  readonly touched: ReadonlySet<string>;
  /** Containers' ends in bridges. */
  readonly ports: ReadonlyMap<string, BridgePort>;
}

/** How a round went. */
export interface Applied {
  /** Why a network can't be had. */
  readonly refused: string | undefined;
  /** Containers that are being stopped are on networks that are gone. */
  readonly lingers: boolean;
}

/** This node's addresses on a network. */
export const gatewaysOf = ({ subnets }: NetworkHead): readonly string[] =>
  subnets.map(({ gateway }) => gateway);

/** Without a gateway this node is not on a network yet. */
const attachedIn = ({ networks }: LiveTables): readonly LiveNetwork[] =>
  [...networks.values()].filter(({ head }) => gatewaysOf(head).every((gateway) => gateway !== ""));

/** Brings engine, kernel and name server to the tables, and knows what they have. */
export class Reconciler {
  readonly #deps: ReconcilerDependencies;
  readonly #engine: EngineSide;
  readonly #planner = new Planner();
  #done: ReadonlyMap<string, NetworkHead> = new Map();
  #present: readonly LiveNetwork[] = [];
  /** MTU of the interface that has this data path address. */
  #path: { readonly underlay: string; readonly mtu: number } | undefined;
  /** Networks that this node can't have, of which the log has told. */
  readonly #unfit = new Set<string>();

  #support: Promise<EncryptionSupport> | undefined;
  /** What this node's kernel lacks for encrypted networks, when that was looked at. */
  #lack: string | undefined;

  constructor(dependencies: ReconcilerDependencies) {
    this.#deps = dependencies;
    this.#engine = new EngineSide(dependencies.engine);
  }

  /** Networks that the kernel has, as they are there. */
  get done(): ReadonlyMap<string, NetworkHead> {
    return this.#done;
  }

  /** The same with all that is on them: some may be gone from the tables. */
  get present(): readonly LiveNetwork[] {
    return this.#present;
  }

  /** Whether this node's kernel can encrypt. Looked at once: it does not change. */
  encryption(): Promise<EncryptionSupport> {
    this.#support ??= this.#deps.dataplane.encryption();
    return this.#support;
  }

  /** Rejects what need not be waited for: an encrypted network, when the kernel was seen to lack it. */
  check(networks: readonly (LiveNetwork | undefined)[]): void {
    const sealed = networks.find((network) => network?.head.encrypted);
    if (sealed && this.#lack !== undefined)
      throw new OperationError(
        "failed-precondition",
        `network "${sealed.head.name}" is encrypted: ${this.#lack}`,
      );
  }

  /** Host and engine may have changed: the next round asks for everything. */
  forget(): void {
    this.#engine.forget();
    this.#path = undefined;
  }

  /** Answers names before the first round, on those addresses that the kernel has still. */
  async answerNames(tables: LiveTables): Promise<void> {
    const addresses = attachedIn(tables).flatMap(({ head }) => gatewaysOf(head));
    // Others come with the first round.
    await this.#deps.names.listen(addresses).catch(() => {});
  }

  /** Brings engine, kernel and names to the tables. Tells why a network can't be had, and whether one must go later. */
  async apply({ tables, touched, ports }: ReconcileInput, signal: AbortSignal): Promise<Applied> {
    const { dataplane, names } = this.#deps;
    if (tables.networks.size + this.#done.size === 0) return { refused: undefined, lingers: false };
    const path = await this.#pathTo(tables.underlay);
    const facts = await this.#facts(path.mtu, ports);
    const wanted = this.#wanted(tables, facts);
    const had = new Set(this.#done.keys());
    const { usable, refused } = await this.#engine.ensure(wanted, { path, had, signal });
    const lingering = await this.#lingering(tables, signal);
    // What came while the engine was asked is planned in the next round, but may show in this one.
    const present = [
      ...usable.filter(({ head }) => tables.networks.has(head.id)),
      ...lingering.filter(
        (network) =>
          !tables.networks.has(network.head.id) && problemOf(network, tables, facts) === undefined,
      ),
    ];
    this.#planner.update({ tables, usable: present, facts }, touched);
    const done = new Map(present.map(({ head }) => [head.id, head]));
    await dataplane.apply(this.#planner.state, this.#planner.take());
    await names.listen([...done.values()].flatMap(gatewaysOf));
    this.#done = done;
    this.#present = present;
    await this.#engine.tidy([...wanted, ...lingering], signal);
    return { refused, lingers: lingering.length > 0 };
  }

  /** Networks that are gone from the tables, while containers that are being stopped still run on them. */
  async #lingering(tables: LiveTables, signal: AbortSignal): Promise<readonly LiveNetwork[]> {
    const gone = this.#present.filter(({ head }) => !tables.networks.has(head.id));
    const used = await this.#engine.release(
      gone.map(({ head }) => head),
      signal,
    );
    return gone.filter(({ head }) => used.has(head.id));
  }

  /** The networks that this node can have; of the others the log tells. */
  #wanted(tables: LiveTables, facts: NodeFacts): readonly LiveNetwork[] {
    return attachedIn(tables).filter((network) => {
      const problem = problemOf(network, tables, facts);
      if (problem && !this.#unfit.has(problem.networkId))
        this.#deps.logger.error("no network", { ...problem });
      if (problem) this.#unfit.add(problem.networkId);
      return problem === undefined;
    });
  }

  async #facts(underlayMtu: number, ports: ReconcileInput["ports"]): Promise<NodeFacts> {
    const { nodeId, deriveKey } = this.#deps;
    const support = await this.encryption();
    if (!support.supported) this.#lack = support.reason;
    return { nodeId, underlayMtu, ports, ...(support.supported ? { deriveKey } : {}) };
  }

  async #pathTo(underlay: string): Promise<{ readonly underlay: string; readonly mtu: number }> {
    if (this.#path?.underlay === underlay) return this.#path;
    const { underlayMtu } = await this.#deps.dataplane.host(underlay);
    this.#path = { underlay, mtu: underlayMtu };
    return this.#path;
  }
}
