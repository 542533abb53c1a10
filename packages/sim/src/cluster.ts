import type { Random } from "@skein/base";
import { newId } from "@skein/base";
import { createNode, theCluster } from "@skein/manager";
import type { NodeDescription } from "@skein/wire";
import { firstRoot, issue } from "./certificates.ts";
import { Acknowledged } from "./check/acknowledged.ts";
import { Invariants } from "./check/invariants.ts";
import type { SimContainer } from "./engine/containers.ts";
import { slotName } from "./engine/containers.ts";
import { Host } from "./host.ts";
import { Manager } from "./manager.ts";
import type { ManagerHooks } from "./manager.ts";
import { Network } from "./network/network.ts";
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

/** A whole cluster: one manager, hosts, the network between, and who watches them. */
export class Cluster {
  readonly world: World;
  readonly network: Network;
  readonly manager: Manager;
  readonly invariants: Invariants;
  readonly acknowledged: Acknowledged;
  /** Every machine that is part of the cluster, by name. */
  readonly hosts: Map<string, Host> = new Map();
  /** Called with each new machine, before it starts. */
  onHost: (host: Host) => void = () => {};
  readonly #random: Random;
  #machines = 0;

  constructor(world: World, sabotage?: ManagerHooks["sabotage"]) {
    this.world = world;
    this.#random = world.random.fork("cluster");
    this.network = new Network(world);
    this.invariants = new Invariants(world);
    this.acknowledged = new Acknowledged(world, this.invariants.mirror);
    this.network.onAssignments = (nodeId, { secrets }) =>
      this.invariants.told(
        nodeId,
        secrets.map(({ id }) => id),
      );
    this.manager = new Manager(world, this.network, {
      onStart: (view) => {
        this.invariants.loaded(view);
        this.acknowledged.check();
      },
      onBatch: (batch) => this.invariants.committed(batch),
      ...(sabotage ? { sabotage } : {}),
    });
  }

  /** A new machine joins. Rejects as the store does. */
  async join(): Promise<Host> {
    const { store } = this.manager;
    this.#machines += 1;
    const name = `host${this.#machines}`;
    const nodeId = newId(this.#random);
    const host = new Host(this.world, this.network, {
      name,
      nodeId,
      address: `10.1.${this.#machines >> 8}.${this.#machines & 255}`,
      description: describe(name, this.#random),
      credentials: store ? issue(theCluster(store.view).rootCa) : issue(firstRoot),
    });
    host.engine.onPortClash = (container, holder) => this.#portClash(name, container, holder);
    host.engine.onRemoved = ({ name: container }) =>
      this.world.violated(`${container} on ${name} was removed while it ran`);
    host.engine.onStart = (container) => this.#started(nodeId, container);
    await store?.transact((tx) =>
      createNode(tx, { id: nodeId, role: "worker", availability: "active" }),
    );
    if (!store) return host;
    this.acknowledged.created("nodes", nodeId);
    this.hosts.set(name, host);
    this.onHost(host);
    host.start();
    return host;
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
