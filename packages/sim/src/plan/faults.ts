import type { Random } from "@skein/base";
import type { Cluster } from "../cluster.ts";
import { between, chance, pick, weighted } from "../draw.ts";
import type { Host } from "../host.ts";
import type { ManagerFaults } from "./manager-faults.ts";
import { QuorumFaults } from "./quorum-faults.ts";
import { SingleFaults } from "./single-faults.ts";

/** The classes of faults, each of which can be left out. */
export const faultClasses = [
  "network",
  "agent",
  "engine",
  "machine",
  "manager",
  "disk",
  "freeze",
  "clock",
] as const;
export type FaultClass = (typeof faultClasses)[number];

const weights: Readonly<Record<FaultClass, number>> = {
  network: 4,
  agent: 4,
  engine: 3,
  machine: 1,
  manager: 2,
  disk: 1,
  freeze: 1,
  clock: 0.5,
};

/** The share of faults of a kind that several managers suffer, and not other hosts. */
const MANAGERS_SHARE = 0.4;

/** What goes wrong, at random, until it is told to stop. */
export class Faults {
  readonly #cluster: Cluster;
  readonly #random: Random;
  readonly #classes: readonly FaultClass[];
  readonly #meanMs: number;
  readonly #managers: ManagerFaults;
  #going = true;

  /** `meanMs` lie between two faults, on average. */
  constructor(cluster: Cluster, classes: readonly FaultClass[], meanMs: number) {
    this.#cluster = cluster;
    this.#random = cluster.world.random.fork("faults");
    this.#classes = classes;
    this.#meanMs = meanMs;
    const later = (longestMs: number, action: () => void): void => this.#later(longestMs, action);
    const { quorum } = cluster.managers;
    this.#managers = quorum
      ? new QuorumFaults(cluster, quorum, this.#random, later)
      : new SingleFaults(cluster, this.#random, later);
  }

  start(): void {
    if (this.#classes.length === 0) return;
    this.#cluster.world.after(between(this.#random, 0, 2 * this.#meanMs), () => {
      if (!this.#going) return;
      this.#strike();
      this.start();
    });
  }

  /** Heals everything but a minority of the machines, which stays dead. */
  finish(): void {
    this.#going = false;
    const machinesDie = this.#classes.includes("machine");
    for (const host of this.#cluster.hosts.values()) host.engine.calm();
    this.#managers.finish(machinesDie);
    const all = this.#ordinary();
    const dead = new Set<Host>();
    const most = machinesDie ? Math.floor((all.length - 1) / 2) : 0;
    const wanted = this.#random.integer(most + 1);
    while (dead.size < wanted) {
      const host = pick(this.#random, all);
      if (host) dead.add(host);
    }
    for (const host of all)
      if (dead.has(host)) host.powerOff();
      else host.repair();
  }

  /** Hosts without a manager. */
  #ordinary(): readonly Host[] {
    const { hosts, managers } = this.#cluster;
    return [...hosts.values()].filter(({ nodeId }) => !managers.nodeIds.has(nodeId));
  }

  #strike(): void {
    const { world, hosts } = this.#cluster;
    const active = Object.fromEntries(this.#classes.map((name) => [name, weights[name]]));
    const kind = weighted(this.#random, active as Record<FaultClass, number>);
    const host = pick(this.#random, [...hosts.values()]);
    world.trace.note(world.now, `fault: ${kind} ${host?.name ?? ""}`);
    if (kind === "manager" || kind === "disk") this.#managers.strike(kind);
    else if (this.#managers.shares(kind) && chance(this.#random, MANAGERS_SHARE))
      this.#managers.strike(kind);
    else if (host) this.#strikeHost(kind, host);
  }

  #strikeHost(kind: Exclude<FaultClass, "manager" | "disk">, host: Host): void {
    host.troubledAt = this.#cluster.world.now;
    switch (kind) {
      case "network":
        this.#strikeNetwork(host);
        return;
      case "agent":
        if (chance(this.#random, 0.3)) host.shutDown();
        else host.crashAgent();
        this.#later(15_000, () => host.start());
        return;
      case "engine":
        if (chance(this.#random, 0.5)) host.engine.hung = true;
        else host.engine.halt();
        this.#later(25_000, () => host.engine.resume());
        return;
      case "machine":
        this.#managers.powerOff(host);
        this.#later(90_000, () => this.#managers.repair(host));
        return;
      case "freeze":
        host.process?.freeze(between(this.#random, 200, 20_000));
        return;
      case "clock":
        if (host.process) host.process.skew += between(this.#random, -60_000, 60_000);
    }
  }

  #strikeNetwork(host: Host): void {
    if (chance(this.#random, 0.4)) {
      host.lose(between(this.#random, 0.1, 0.6));
      this.#later(30_000, () => host.lose(0));
      return;
    }
    host.cut(chance(this.#random, 0.7), chance(this.#random, 0.7));
    this.#later(30_000, () => {
      if (!host.off) host.cut(false, false);
    });
  }

  #later(longestMs: number, action: () => void): void {
    this.#cluster.world.after(between(this.#random, 100, longestMs), () => {
      if (this.#going) action();
    });
  }
}
