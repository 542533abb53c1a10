import type { Agent, KernelState } from "@skein/agent";
import { CertificateKeeper, createAgent } from "@skein/agent";
import type { Random } from "@skein/base";
import { messageOf } from "@skein/base";
import type { ManagerAddress } from "@skein/model";
import type { NodeDescription } from "@skein/wire";
import type { SimCredentials } from "./certificates.ts";
import { SimCertificates, tlsInfoOf } from "./certificates.ts";
import { SimEngine } from "./engine/engine.ts";
import { HostDisk } from "./host-disk.ts";
import { HostNetworking } from "./host-networking.ts";
import { between } from "./draw.ts";
import type { Dialer, Network } from "./network/network.ts";
import { Process } from "./process.ts";
import type { World } from "./world.ts";

export interface HostOptions {
  /** The machine's name. */
  readonly name: string;
  readonly address: string;
  /** Its node's id in the cluster. */
  readonly nodeId: string;
  readonly description: Omit<NodeDescription, "TLSInfo">;
  /** Its first certificate. */
  readonly credentials: SimCredentials;
  readonly role: "worker" | "manager";
  /** The managers that it knows when it joins. */
  readonly managers: readonly ManagerAddress[];
}

/** One machine with an engine, a disk and an agent, any of which may fail. */
export class Host {
  readonly name: string;
  readonly nodeId: string;
  readonly engine: SimEngine;
  readonly certificates: SimCertificates;
  /** When something was last done to it on purpose, in virtual ms. */
  troubledAt = 0;
  readonly #world: World;
  readonly #network: Network;
  readonly #random: Random;
  readonly #disk: HostDisk;
  readonly #skew: number;
  readonly #address: string;
  readonly #role: "worker" | "manager";
  readonly #networking: HostNetworking;
  #process: Process | undefined;
  #agent: Agent | undefined;
  #off = false;

  constructor(world: World, network: Network, options: HostOptions) {
    this.name = options.name;
    this.nodeId = options.nodeId;
    this.#address = options.address;
    this.certificates = new SimCertificates(options.credentials);
    this.#role = options.role;
    this.#disk = new HostDisk(options.managers);
    this.#world = world;
    this.#network = network;
    this.#random = world.random.fork(`host ${options.name}`);
    this.#skew = between(this.#random, -30_000, 30_000);
    this.#networking = new HostNetworking(this.#random.fork("networking"));
    this.engine = new SimEngine(world, this.#random.fork("engine"), options.description);
  }

  /** The agent runs and nothing of the machine is broken. */
  get healthy(): boolean {
    const { engine } = this;
    return this.running && engine.up && !engine.hung && this.#network.isOpen(this.name);
  }

  /** Nothing keeps the agent from work, or its words from the managers. */
  get isWell(): boolean {
    const lossless = this.#network
      .linesToManagers(this.name)
      .every(({ up, down }) => up.loss === 0 && down.loss === 0);
    return this.healthy && this.#process?.frozenFor === 0 && lossless;
  }

  get running(): boolean {
    return this.#process?.alive ?? false;
  }

  /** The agent's program, when it runs. */
  get process(): Process | undefined {
    return this.#process;
  }

  /** Whether the machine is switched off. */
  get off(): boolean {
    return this.#off;
  }

  /** What its agent has made of its kernel. */
  get kernel(): KernelState {
    return this.#networking.kernel;
  }

  /** Starts the agent, unless it runs or the machine is off. */
  start(): void {
    if (this.running || this.#off) return;
    const process = new Process(this.#world, this.name, this.#skew);
    const { clock, logger } = process;
    const { keeper, from } = this.#newKeeper(process);
    this.#process = process;
    this.#agent = createAgent(
      { nodeId: this.nodeId, addr: this.#address },
      {
        clock,
        logger,
        random: this.#random.fork(`agent ${this.#world.now}`),
        executor: this.engine.executorFor(process),
        templates: { expandContainer: (container) => container, expandFile: (text) => text },
        tasks: this.#disk.tasksFor(process),
        remotes: this.#disk.remotesFor(process),
        dialer: this.#network.dialer(from),
        networking: this.#networking.partsFor(process),
        tlsInfo: () => tlsInfoOf(this.certificates.stored),
        onCluster: (news) => keeper.heard(news),
      },
    );
    this.#agent.start().catch((error: unknown) => {
      this.#world.violated(`${this.name}: agent did not start: ${messageOf(error)}`);
    });
  }

  #newKeeper(process: Process): { readonly keeper: CertificateKeeper; readonly from: Dialer } {
    const { clock, logger } = process;
    const credentials = (): SimCredentials => this.certificates.stored;
    const from = { host: this.name, nodeId: this.nodeId, agent: process, credentials };
    const certificates = this.certificates.partsFor(
      process,
      this.#role,
      (signal) => this.#network.renew(from, signal),
      () => this.#agent?.trustChanged(),
    );
    const random = this.#random.fork(`keeper ${this.#world.now}`);
    const keeper = new CertificateKeeper({ certificates, clock, logger, random });
    void keeper.run(new AbortController().signal);
    return { keeper, from };
  }

  /** The agent dies; the engine and its containers go on. */
  crashAgent(): void {
    if (!this.running) return;
    this.#process?.kill();
    this.#network.died("agent", this.name);
  }

  /** The agent ends in an orderly way and says that the node leaves. */
  shutDown(): void {
    const process = this.#process;
    this.#agent
      ?.stop({ leave: true })
      .catch((error: unknown) =>
        this.#world.violated(`${this.name}: agent did not stop: ${messageOf(error)}`),
      )
      .finally(() => {
        process?.kill();
        this.#network.died("agent", this.name);
      });
  }

  /** The machine loses power: nobody is told. */
  powerOff(): void {
    this.#off = true;
    this.#process?.kill();
    this.engine.halt();
    this.cut(true, true);
  }

  /** Everything of the machine works again. */
  repair(): void {
    this.#off = false;
    this.engine.resume();
    this.lose(0);
    this.cut(false, false);
    this.start();
  }

  /** Blocks the lines to and from the managers, or opens them. */
  cut(up: boolean, down: boolean): void {
    this.#network.cut(this.name, up, down);
  }

  /** This share of what goes to and from the managers gets lost. */
  lose(loss: number): void {
    for (const { up, down } of this.#network.linesToManagers(this.name)) {
      up.loss = loss;
      down.loss = loss;
    }
  }
}
