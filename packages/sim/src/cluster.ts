import type { Random } from "@skein/base";
import { newId } from "@skein/base";
import { theCluster } from "@skein/manager";
import type { NodeDescription } from "@skein/wire";
import { firstRoot, issue } from "./certificates.ts";
import { Acknowledged } from "./check/acknowledged.ts";
import { Flaps } from "./check/flaps.ts";
import { divergence } from "./check/replicas.ts";
import { Invariants } from "./check/invariants.ts";
import type { SimContainer } from "./engine/containers.ts";
import { pick } from "./draw.ts";
import { slotName } from "./engine/containers.ts";
import { Host } from "./host.ts";
import type { Entrance } from "./manager/entrance.ts";
import type { Manager, ManagerHooks } from "./manager/manager.ts";
import { managerMachines, Managers } from "./manager/managers.ts";
import { addressOn, Network } from "./network/network.ts";
import type { Quorum } from "./quorum/quorum.ts";
import type { World } from "./world.ts";

const describe = (name: string, random: Random): Omit<NodeDescription, "TLSInfo"> => ({
  Hostname: name,
  Platform: { Architecture: "x86_64", OS: "linux" },
  Resources: {
    NanoCPUs: (1 + random.integer(4)) * 1e9,
    MemoryBytes: (1 + random.integer(8)) * 1024 ** 3,
    GenericResources: ["a", "b"].map((Value) => ({ NamedResourceSpec: { Kind: "gpu", Value } })),
  },
  Engine: { EngineVersion: "28.0.0", Labels: {}, Plugins: [{ Type: "Log", Name: "json-file" }] },
});

/** How often managers are compared, in ms. */
const COMPARE_MS = 5000;

/** A whole cluster: managers, hosts, the network between, and who watches them. */
export class Cluster {
  readonly world: World;
  readonly network: Network;
  readonly managers: Managers;
  readonly invariants: Invariants;
  readonly acknowledged: Acknowledged;
  /** Every machine that is part of the cluster, by name. */
  readonly hosts: Map<string, Host> = new Map();
  /** Called with each new machine, before it starts. */
  onHost: (host: Host) => void = () => {};
  readonly #random: Random;
  #machines = 0;
  #addresses = 0;

  constructor(world: World, managers: number, sabotage?: ManagerHooks["sabotage"]) {
    this.world = world;
    this.#random = world.random.fork("cluster");
    const machines = managerMachines(managers);
    this.network = new Network(world, machines);
    this.invariants = new Invariants(world);
    this.acknowledged = new Acknowledged(world, this.invariants.mirror);
    this.network.onAssignments = (nodeId, { secrets }) =>
      this.invariants.told(
        nodeId,
        secrets.map(({ id }) => id),
      );
    this.managers = new Managers(this, machines, {
      onStart: (view) => {
        if (this.managers.quorum) return; // it may be behind
        this.invariants.loaded(view);
        this.acknowledged.check();
      },
      onBatch: (_, batch) => {
        if (!this.managers.quorum) this.invariants.committed(batch);
      },
      ...(sabotage ? { sabotage } : {}),
    });
    const { quorum } = this.managers;
    if (!quorum) return;
    const flaps = new Flaps(world, this.hosts);
    this.invariants.onDown = (nodeId) => flaps.down(nodeId);
    quorum.onBatch = (batch) => this.invariants.agreed(batch);
    this.#compare(quorum);
  }

  /** Managers that have all batches must show what these say. */
  #compare(quorum: Quorum): void {
    for (const { name, store, process, leads } of this.managers.all) {
      if (!store || !process || process.frozenFor > 0 || leads || store.leading) continue;
      if (store.closedIndex !== store.durableIndex)
        this.world.violated(`${name} keeps batch ${store.closedIndex}, which it can't commit`);
      if (store.durableIndex !== quorum.index) continue;
      const wrong = divergence(this.invariants.mirror, { name, view: store.view });
      if (wrong !== undefined) this.world.violated(wrong);
    }
    this.world.after(COMPARE_MS, () => this.#compare(quorum));
  }

  /** The manager that leads; any other while none does. */
  get leader(): Manager {
    const [first, ...others] = this.managers.all;
    return others.find(({ leads }) => leads) ?? first;
  }

  /** Starts the managers, and the agents on their machines. */
  start(): void {
    this.managers.start();
    if (this.managers.quorum)
      for (const { name, nodeId } of this.managers.all) this.#add(name, nodeId);
  }

  /** What an operator talks to: any manager that serves; undefined while none does. */
  entrance(random: Random): Entrance | undefined {
    const serving = this.managers.all.flatMap(({ entrance }) => entrance ?? []);
    return pick(random, serving);
  }

  /** A new machine joins over one of the managers. Rejects as the store does. */
  async join(): Promise<void> {
    const manager = pick(
      this.#random,
      this.managers.all.filter(({ entrance }) => entrance),
    );
    if (!manager) return;
    this.#machines += 1;
    const name = `host${this.#machines}`;
    const nodeId = newId(this.#random);
    await manager.admit(nodeId);
    this.acknowledged.created("nodes", nodeId);
    this.#add(name, nodeId);
  }

  #add(name: string, nodeId: string): void {
    const { store } = this.leader;
    this.#addresses += 1;
    const host = new Host(this.world, this.network, {
      name,
      nodeId,
      address: `10.1.${this.#addresses >> 8}.${this.#addresses & 255}`,
      description: describe(name, this.#random),
      credentials: store ? issue(theCluster(store.view).rootCa) : issue(firstRoot),
      role: this.managers.nodeIds.has(nodeId) ? "manager" : "worker",
      managers: this.managers.all.map((one) => ({ nodeId: one.nodeId, addr: addressOn(one.name) })),
    });
    host.engine.onPortClash = (container, holder) => this.#portClash(name, container, holder);
    host.engine.onRemoved = ({ name: container }) =>
      this.world.violated(`${container} on ${name} was removed while it ran`);
    host.engine.onStart = (container) => this.#started(nodeId, container);
    this.hosts.set(name, host);
    this.onHost(host);
    host.start();
  }

  /** The node was removed from the cluster: its machine is wiped. */
  wipe(nodeId: string): void {
    for (const [name, host] of this.hosts) {
      if (host.nodeId !== nodeId) continue;
      host.powerOff();
      this.hosts.delete(name);
    }
  }

  /** A container starts: the one before it in its slot must have ended. */
  #started(nodeId: string, container: SimContainer): void {
    const { mirror } = this.invariants;
    if (!mirror.rows.services.has(container.serviceId)) return;
    if (this.invariants.mayOverlap(container.serviceId)) return;
    if (!this.invariants.isSettled(nodeId, container.taskId)) return; // perhaps replaced already
    const slot = slotName(container);
    for (const host of this.hosts.values())
      for (const other of host.engine.containers.all.values()) {
        if (other === container || other.phase !== "running" || slotName(other) !== slot) continue;
        if (host.healthy && this.invariants.isSettled(host.nodeId, other.taskId))
          this.world.violated(`${container.name} starts while ${other.name} runs on ${host.name}`);
      }
  }

  /** Two tasks that hold a port of the host at once: one was started before the other had ended. */
  #portClash(
    host: string,
    container: { readonly taskId: string },
    holder: { readonly taskId: string },
  ): void {
    const { tasks } = this.invariants.mirror.rows;
    const state = tasks.get(holder.taskId)?.status.state;
    const line = `port clash on ${host}: ${container.taskId} with ${holder.taskId} (${state ?? "gone"})`;
    this.world.trace.note(this.world.now, line);
    if (state === "running") this.world.violated(line);
  }
}
