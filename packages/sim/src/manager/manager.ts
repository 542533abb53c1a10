import type { Random } from "@skein/base";
import { messageOf, OperationError } from "@skein/base";
import {
  AddressAllocator,
  Candidate,
  Control,
  createNode,
  isRevoked,
  noLeader,
  recordCertificate,
  theCluster,
} from "@skein/manager";
import type { CommittedBatch, Log, Planner, View } from "@skein/store";
import { Store } from "@skein/store";
import { firstRoot, issue, SimCertificates, trustEachOther } from "../certificates.ts";
import { keepManagerCertificate } from "../manager-certificate.ts";
import { call } from "../network/calls.ts";
import type { Caller, Network } from "../network/network.ts";
import { Process } from "../process.ts";
import type { World } from "../world.ts";
import type { Entrance } from "./entrance.ts";
import { newEntrance } from "./entrance.ts";
import type { FirstManager } from "./first-state.ts";
import { bootstrap } from "./first-state.ts";
import { Reception } from "./reception.ts";

/** How long certificates live. */
const CERTIFICATE_MS = 90 * 24 * 3_600_000;

export interface ManagerOptions {
  /** Its machine. */
  readonly name: string;
  readonly nodeId: string;
  readonly openLog: (process: Process, random: Random) => Log;
  /** What a new cluster starts with; whoever leads first writes it. */
  readonly first: readonly FirstManager[];
  /** Whether an agent runs beside it, in the same program. */
  readonly hasAgent: boolean;
}

/** What the cluster wants to know of its managers, and what it changes on purpose. */
export interface ManagerHooks {
  /** A manager has loaded the durable state. */
  readonly onStart: (view: View) => void;
  /** A batch became durable, and was told to everybody here. */
  readonly onBatch: (manager: Manager, batch: CommittedBatch) => void;
  /** The manager on the machine of this node, if its program runs. */
  readonly peer: (nodeId: string) => Manager | undefined;
  /** A planted bug between the control loops and the store. */
  readonly sabotage?: (planner: Planner) => Planner;
  /** A planted bug in the store. */
  readonly spoil: (store: Store) => void;
}

/** What runs as long as the program does. */
interface Running {
  readonly process: Process;
  readonly store: Store;
  readonly candidate: Candidate;
  readonly control: Control;
  readonly entrance: Entrance;
}

/** One manager: the program that comes and goes, on a log that stays. */
export class Manager {
  readonly name: string;
  readonly nodeId: string;
  /** Of the manager's own node; kept here only by one without agent. */
  readonly certificates: SimCertificates = new SimCertificates(issue(firstRoot));
  readonly #world: World;
  readonly #network: Network;
  readonly #options: ManagerOptions;
  readonly #hooks: ManagerHooks;
  readonly #random: Random;
  readonly #skew: number;
  #process: Process | undefined;
  #running: Running | undefined;

  constructor(
    { world, network }: { readonly world: World; readonly network: Network },
    options: ManagerOptions,
    hooks: ManagerHooks,
  ) {
    this.#world = world;
    this.#network = network;
    this.#options = options;
    this.#hooks = hooks;
    this.name = options.name;
    this.nodeId = options.nodeId;
    this.#random = world.random.fork(options.name);
    this.#skew = 0;
  }

  /** The program, when it runs. */
  get process(): Process | undefined {
    return this.#process;
  }

  get running(): boolean {
    return this.#process?.alive ?? false;
  }

  get store(): Store | undefined {
    return this.#running?.store;
  }

  /** Whether it leads, by its own account. */
  get leads(): boolean {
    return this.#running?.candidate.leader !== undefined && this.#running.store.leading;
  }

  /** What operators talk to; undefined while the program does not serve. */
  get entrance(): Entrance | undefined {
    return this.#running?.entrance;
  }

  /** Starts the manager on what is in its log. */
  start(): void {
    if (this.running) return;
    const process = new Process(this.#world, this.name, this.#skew);
    this.#process = process;
    this.#serve(process).catch((error: unknown) => {
      this.#world.violated(`${this.name} did not start: ${messageOf(error)}`);
    });
  }

  /** The program dies. What it was writing is in the log or not. */
  crash(): void {
    if (!this.running) return;
    this.#process?.kill();
    this.#running = undefined;
    this.#network.died("manager", this.name);
  }

  /** Records a node that joins, wherever the leader is. Rejects as the store does. */
  async admit(nodeId: string): Promise<void> {
    await this.#pass(({ store }) =>
      store.transact((tx) =>
        createNode(tx, { id: nodeId, role: "worker", availability: "active" }),
      ),
    );
  }

  async #serve(process: Process): Promise<void> {
    const random = this.#random.fork(`at ${this.#world.now}`);
    const log = this.#options.openLog(process, random.fork("log"));
    const store = await process.guard(Store.open(log, process.clock));
    if (!process.alive) return;
    this.#prepare(store, process);
    const allocator = new AddressAllocator();
    const { clock, logger } = process;
    const parts = { store, clock, random, logger, allocator };
    const candidate = new Candidate({ ...parts, log, candidate: this.nodeId });
    const leaderId = (): string | undefined => candidate.leaderId;
    const control = new Control({ ...parts, random: random.fork("ids"), leaderId });
    const entrance = newEntrance(control, (run) => this.#pass((at) => run(at.control)));
    this.#beginWhenLeading(candidate, store, random);
    candidate.start();
    this.#running = { process, store, candidate, control, entrance };
    this.#listen(this.#running);
  }

  #prepare(store: Store, process: Process): void {
    const { sabotage, spoil, onStart, onBatch } = this.#hooks;
    spoil(store);
    if (sabotage) {
      const lead = store.lead.bind(store);
      store.lead = (granted, planner) => lead(granted, sabotage(planner));
    }
    onStart(store.view);
    store.watch((batch) => {
      if (process.alive) onBatch(this, batch);
    });
  }

  /** Whoever leads first writes what a cluster starts with; a manager without agent tells of its node itself. */
  #beginWhenLeading(candidate: Candidate, store: Store, random: Random): void {
    let begun = false;
    const begin = async (): Promise<void> => {
      if (store.view.all("clusters").size === 0)
        await bootstrap(store, random, this.#options.first);
      const process = this.#process;
      if (begun || this.#options.hasAgent || !process?.alive) return;
      begun = true;
      keepManagerCertificate(process, {
        nodeId: this.nodeId,
        store,
        disk: this.certificates,
        random: random.fork("certificate"),
      });
    };
    candidate.watch(() => {
      if (candidate.leader)
        begin().catch((error: unknown) =>
          this.#world.trace.note(this.#world.now, `${this.name}: ${messageOf(error)}`),
        );
    });
  }

  #listen({ process, store, candidate }: Running): void {
    const desk = {
      candidate,
      clock: process.clock,
      addressOf: (nodeId: string): string | undefined =>
        store.view.get("nodes", nodeId)?.managerAddr,
    };
    this.#network.listen({
      name: this.name,
      process,
      accept: (caller, link) => {
        this.#assertMember(store, caller);
        return new Reception(desk, caller.nodeId, link);
      },
      renew: async (caller) => {
        this.#assertMember(store, caller);
        const issued = issue(theCluster(store.view).rootCa);
        const expires = process.clock.now() + CERTIFICATE_MS;
        await this.#pass((at) =>
          at.store.transact((tx) => recordCertificate(tx, caller.nodeId, expires)),
        );
        return issued;
      },
    });
  }

  /** A node of the cluster must be able to connect at any moment, whatever becomes of the root. */
  #assertMember(store: Store, { nodeId, credentials }: Caller): void {
    if (isRevoked(store.view, nodeId))
      throw new OperationError("forbidden", "this node was removed from the cluster");
    if (!trustEachOther(credentials, this.certificates.stored))
      this.#world.violated(`${nodeId} and the manager do not trust each other`);
  }

  /** Carries something out at the leader: here, or over the network. */
  async #pass<T>(run: (at: Running) => Promise<T>): Promise<T> {
    const here = this.#running;
    if (!here) throw noLeader();
    if (here.candidate.leader) return here.process.guard(run(here));
    const { leaderId } = here.candidate;
    const leader = leaderId === undefined ? undefined : this.#hooks.peer(leaderId);
    if (!leader || leader === this) throw noLeader();
    const there = leader.#running;
    if (!there) throw noLeader();
    return call(
      { world: this.#world, network: this.#network },
      { name: this.name, process: here.process },
      { name: leader.name, process: there.process },
      () => run(there),
    );
  }
}
