import type { Random } from "@skein/base";
import { messageOf, newId, OperationError } from "@skein/base";
import type { Network as OverlayNetwork } from "@skein/model";
import {
  AddressAllocator,
  bootstrapCluster,
  Control,
  isRevoked,
  Leader,
  recordCertificate,
  theCluster,
} from "@skein/manager";
import type { CommittedBatch, Draft, MemoryDisk, Planner, View } from "@skein/store";
import { newMemoryDisk, Store } from "@skein/store";
import { firstRoot, issue, SimCertificates, trustEachOther } from "./certificates.ts";
import { DEFAULT_CLUSTER_SPEC } from "./cluster-spec.ts";
import { keepManagerCertificate } from "./manager-certificate.ts";
import type { Caller, Network } from "./network/network.ts";
import { Process } from "./process.ts";
import type { LogFaults } from "./sim-log.ts";
import { openSimLog } from "./sim-log.ts";
import type { World } from "./world.ts";

export const MANAGER_ADDRESS = "manager:2377";
/** The manager's own node: drained, so that it needs no agent. */
export const MANAGER_NODE = "manager0000000000000000000";

/** Large enough for everything that the operators want. */
const overlayNetworks: readonly Draft<OverlayNetwork>[] = ["blue", "green"].map((name, index) => ({
  id: `${name}00000000000000000000`,
  name,
  labels: {},
  driver: { name: "overlay", options: {} },
  subnets: [{ subnet: `10.9.${index}.0/25`, gateway: `10.9.${index}.1` }],
  vni: 4097 + index,
  ipv6: false,
  internal: false,
  attachable: false,
  ingress: false,
}));

/** How long certificates live. */
const CERTIFICATE_MS = 90 * 24 * 3_600_000;

export interface ManagerHooks {
  /** A manager has loaded the durable state and leads. */
  readonly onStart: (view: View) => void;
  /** A batch became durable, and was told to everybody. */
  readonly onBatch: (batch: CommittedBatch) => void;
  /** A planted bug between the control loops and the store. */
  readonly sabotage?: (planner: Planner) => Planner;
}

/** The one manager of the cluster: its disk, and the program that comes and goes. */
export class Manager {
  readonly faults: LogFaults = { failures: 0, slow: false, lies: false };
  control: Control | undefined;
  store: Store | undefined;
  /** Of the manager's own node. */
  readonly certificates: SimCertificates = new SimCertificates(issue(firstRoot));
  readonly #disk: MemoryDisk = newMemoryDisk();
  readonly #world: World;
  readonly #network: Network;
  readonly #hooks: ManagerHooks;
  readonly #random: Random;
  #process: Process | undefined;

  constructor(world: World, network: Network, hooks: ManagerHooks) {
    this.#world = world;
    this.#network = network;
    this.#hooks = hooks;
    this.#random = world.random.fork("manager");
  }

  /** The program, when it runs. */
  get process(): Process | undefined {
    return this.#process;
  }

  get running(): boolean {
    return this.#process?.alive ?? false;
  }

  /** Starts the manager on what is on its disk. */
  start(): void {
    if (this.running) return;
    const process = new Process(this.#world, "manager", 0);
    this.#process = process;
    this.#lead(process).catch((error: unknown) => {
      this.#world.violated(`manager did not start: ${messageOf(error)}`);
    });
  }

  /** The program dies. What it was writing is on the disk or not. */
  crash(): void {
    this.#process?.kill();
    this.control = undefined;
    this.store = undefined;
    this.#network.listener = undefined;
    this.#network.died("manager");
  }

  async #lead(process: Process): Promise<void> {
    const random = this.#random.fork(`at ${this.#world.now}`);
    const log = openSimLog(this.#disk, process, random.fork("log"), this.faults);
    const store = await process.guard(Store.open(log, process.clock));
    const leadership = await process.guard(
      log.campaign(MANAGER_NODE, new AbortController().signal),
    );
    const { sabotage } = this.#hooks;
    if (sabotage) {
      const lead = store.lead.bind(store);
      store.lead = (granted, planner) => lead(granted, sabotage(planner));
    }
    this.#hooks.onStart(store.view);
    store.watch((batch) => {
      if (process.alive) this.#hooks.onBatch(batch);
    });
    const allocator = new AddressAllocator();
    const { clock, logger } = process;
    const leader = new Leader({ store, clock, random, logger, allocator });
    leader.start(leadership);
    if (store.view.all("clusters").size === 0) await this.#bootstrap(store, random);
    if (!process.alive) return;
    this.store = store;
    this.control = new Control({
      store,
      clock,
      allocator,
      random: random.fork("ids"),
      leaderId: () => MANAGER_NODE,
    });
    this.#network.listener = {
      process,
      accept: (caller, link) => {
        const { nodeId } = caller;
        this.#assertMember(store, caller);
        return leader.dispatcher.connect({ nodeId, address: "10.0.0.2" }, link);
      },
      renew: async (caller) => {
        this.#assertMember(store, caller);
        const issued = issue(theCluster(store.view).rootCa);
        const expires = process.clock.now() + CERTIFICATE_MS;
        await store.transact((tx) => recordCertificate(tx, caller.nodeId, expires));
        return issued;
      },
    };
    keepManagerCertificate(process, {
      nodeId: MANAGER_NODE,
      store,
      disk: this.certificates,
      random: random.fork("certificate"),
    });
  }

  /** A node of the cluster must be able to connect at any moment, whatever becomes of the root. */
  #assertMember(store: Store, { nodeId, credentials }: Caller): void {
    if (isRevoked(store.view, nodeId))
      throw new OperationError("forbidden", "this node was removed from the cluster");
    if (!trustEachOther(credentials, this.certificates.stored))
      this.#world.violated(`${nodeId} and the manager do not trust each other`);
  }

  async #bootstrap(store: Store, random: Random): Promise<void> {
    await store.transact((tx) =>
      bootstrapCluster(tx, {
        id: newId(random),
        spec: DEFAULT_CLUSTER_SPEC,
        rootCa: firstRoot,
        joinTokens: { worker: "SWMTKN-1-root-worker", manager: "SWMTKN-1-root-manager" },
        unlockKey: "",
        defaultAddrPool: ["10.0.0.0/8"],
        subnetSize: 24,
        dataPathPort: 4789,
        firstNode: {
          id: MANAGER_NODE,
          role: "manager",
          availability: "drain",
          managerAddr: MANAGER_ADDRESS,
        },
        newId: () => newId(random),
      }),
    );
    await store.transact((tx) => {
      for (const network of overlayNetworks) tx.put("networks", network);
    });
  }
}
