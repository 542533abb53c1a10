import type { Random } from "@skein/base";
import type { Cluster } from "../cluster.ts";
import { between, chance, pick, weighted } from "../draw.ts";
import type { Host } from "../host.ts";

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

/** What goes wrong, at random, until it is told to stop. */
export class Faults {
  readonly #cluster: Cluster;
  readonly #random: Random;
  readonly #classes: readonly FaultClass[];
  readonly #meanMs: number;
  #going = true;

  /** `meanMs` lie between two faults, on average. */
  constructor(cluster: Cluster, classes: readonly FaultClass[], meanMs: number) {
    this.#cluster = cluster;
    this.#random = cluster.world.random.fork("faults");
    this.#classes = classes;
    this.#meanMs = meanMs;
  }

  start(): void {
    if (this.#classes.length === 0) return;
    this.#cluster.world.after(between(this.#random, 0, 2 * this.#meanMs), () => {
      if (!this.#going) return;
      this.#strike();
      this.start();
    });
  }

  /** Heals everything but a minority of the machines, which stays dead. Returns those. */
  finish(): readonly Host[] {
    this.#going = false;
    const { manager, hosts } = this.#cluster;
    manager.faults.failures = 0;
    manager.faults.slow = false;
    manager.start();
    const all = [...hosts.values()];
    const dead = new Set<Host>();
    const most = this.#classes.includes("machine") ? Math.floor((all.length - 1) / 2) : 0;
    const wanted = this.#random.integer(most + 1);
    while (dead.size < wanted) {
      const host = pick(this.#random, all);
      if (host) dead.add(host);
    }
    for (const host of all) {
      host.engine.calm();
      if (dead.has(host)) host.powerOff();
      else host.repair();
    }
    return [...dead];
  }

  #strike(): void {
    const { world, hosts, manager } = this.#cluster;
    const active = Object.fromEntries(this.#classes.map((name) => [name, weights[name]]));
    const kind = weighted(this.#random, active as Record<FaultClass, number>);
    const host = pick(this.#random, [...hosts.values()]);
    world.trace.note(world.now, `fault: ${kind} ${host?.name ?? ""}`);
    if (kind === "freeze" || kind === "clock") {
      const process = chance(this.#random, 0.4) ? manager.process : host?.process;
      if (kind === "freeze") process?.freeze(between(this.#random, 200, 20_000));
      else if (process) process.skew += between(this.#random, -60_000, 60_000);
    } else if (kind === "manager") {
      manager.crash();
      this.#later(20_000, () => manager.start());
    } else if (kind === "disk") {
      if (chance(this.#random, 0.5)) manager.faults.failures = 0.3;
      else manager.faults.slow = true;
      this.#later(20_000, () => {
        manager.faults.failures = 0;
        manager.faults.slow = false;
      });
    } else if (host) this.#strikeHost(kind, host);
  }

  #strikeHost(kind: "network" | "agent" | "engine" | "machine", host: Host): void {
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
        host.powerOff();
        this.#later(90_000, () => host.repair());
    }
  }

  #strikeNetwork(host: Host): void {
    if (chance(this.#random, 0.4)) {
      const { up, down } = this.#cluster.network.linesOf(host.name);
      const loss = between(this.#random, 0.1, 0.6);
      up.loss = loss;
      down.loss = loss;
      this.#later(30_000, () => {
        up.loss = 0;
        down.loss = 0;
      });
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
