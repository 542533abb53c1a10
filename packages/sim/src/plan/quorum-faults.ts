import type { Random } from "@skein/base";
import type { Cluster } from "../cluster.ts";
import { between, chance, pick, weighted } from "../draw.ts";
import type { Host } from "../host.ts";
import type { Manager } from "../manager/manager.ts";
import type { Member } from "../quorum/member.ts";
import type { Quorum } from "../quorum/quorum.ts";
import type { Later, ManagerFault, ManagerFaults } from "./manager-faults.ts";

/**
 * What goes wrong with several managers, the log's members beside them, and the lines between them.
 * The disks of a minority lie from time to time.
 */
export class QuorumFaults implements ManagerFaults {
  readonly #cluster: Cluster;
  readonly #quorum: Quorum;
  readonly #random: Random;
  readonly #later: Later;
  /** Members whose disks may lie: a minority. */
  readonly #liars: readonly Member[];

  constructor(cluster: Cluster, quorum: Quorum, random: Random, later: Later) {
    this.#cluster = cluster;
    this.#quorum = quorum;
    this.#random = random.fork("quorum");
    this.#later = later;
    const members = [...quorum.members.values()];
    this.#liars = members.slice(0, Math.floor((members.length - 1) / 2));
  }

  shares(kind: string): kind is ManagerFault {
    return kind === "network" || kind === "freeze" || kind === "clock";
  }

  strike(kind: ManagerFault): void {
    // Who leads is the most interesting one.
    const { all } = this.#cluster.managers;
    const leader = all.find(({ leads }) => leads);
    const manager = (chance(this.#random, 0.4) ? leader : undefined) ?? pick(this.#random, all);
    const member = this.#quorum.members.get(manager?.name ?? "");
    if (!manager || !member) return;
    const { world } = this.#cluster;
    const host = this.#hostOf(manager);
    if (host) host.troubledAt = world.now;
    world.trace.note(
      world.now,
      `fault: ${kind} of ${manager.name}${manager.leads ? ", leading" : ""}`,
    );
    switch (kind) {
      case "manager":
        this.#crash(manager);
        return;
      case "disk":
        this.#spoilDisk(member);
        return;
      case "network":
        this.#partition(manager);
        return;
      case "freeze":
        this.#freeze(manager, member);
        return;
      case "clock":
        if (manager.process) manager.process.skew += between(this.#random, -60_000, 60_000);
    }
  }

  powerOff(host: Host): void {
    host.powerOff();
    const manager = this.#on(host);
    if (!manager) return;
    this.#cluster.managers.crashBoth(manager);
    this.#cluster.network.isolate(host.name, true);
  }

  repair(host: Host): void {
    const manager = this.#on(host);
    if (manager) {
      this.#cluster.network.isolate(host.name, false);
      this.#cluster.managers.startBoth(manager);
    }
    host.repair();
  }

  finish(machinesDie: boolean): void {
    const { all } = this.#cluster.managers;
    for (const { disk } of this.#quorum.members.values()) {
      disk.faults.slow = false;
      disk.faults.full = false;
      disk.faults.lies = false;
    }
    const dead = new Set<Manager>();
    const wanted = machinesDie ? this.#random.integer(Math.floor((all.length - 1) / 2) + 1) : 0;
    while (dead.size < wanted) {
      const manager = pick(this.#random, all);
      if (manager) dead.add(manager);
    }
    for (const manager of all) {
      const host = this.#hostOf(manager);
      if (host) this.repair(host);
    }
    for (const manager of dead) {
      const host = this.#hostOf(manager);
      if (host) this.powerOff(host);
    }
  }

  #on({ nodeId }: Host): Manager | undefined {
    return this.#cluster.managers.all.find((manager) => manager.nodeId === nodeId);
  }

  /** The machine that it runs on. */
  #hostOf({ name }: Manager): Host | undefined {
    return this.#cluster.hosts.get(name);
  }

  #isOff(manager: Manager): boolean {
    return this.#hostOf(manager)?.off ?? false;
  }

  #crash(manager: Manager): void {
    const { managers } = this.#cluster;
    const member = this.#quorum.members.get(manager.name);
    const what = weighted(this.#random, { manager: 3, member: 2, both: 3 });
    const host = this.#hostOf(manager);
    if (what !== "member") {
      // Manager and agent are one program.
      manager.crash();
      host?.crashAgent();
    }
    if (what !== "manager" && member) this.#quorum.crash(member);
    this.#later(20_000, () => {
      if (this.#isOff(manager)) return;
      managers.startBoth(manager);
      host?.start();
    });
  }

  #spoilDisk(member: Member): void {
    const { faults } = member.disk;
    const what = weighted(this.#random, { slow: 2, full: 1, lies: 2 });
    if (what === "lies") {
      // It lies for long; some time it crashes.
      const liar = pick(this.#random, this.#liars);
      if (!liar) return;
      liar.disk.faults.lies = true;
      const manager = this.#cluster.managers.all.find(({ name }) => name === liar.name);
      if (manager) this.#later(60_000, () => this.#crash(manager));
      return;
    }
    faults[what] = true;
    this.#later(20_000, () => {
      faults[what] = false;
    });
  }

  #freeze(manager: Manager, member: Member): void {
    const ms = between(this.#random, 200, 20_000);
    const what = weighted(this.#random, { manager: 3, member: 1, both: 2 });
    if (what !== "member")
      for (const process of [manager.process, this.#hostOf(manager)?.process]) process?.freeze(ms);
    if (what !== "manager") member.freeze(ms);
  }

  /** The manager's lines to some of the others fail, in one direction or both. */
  #partition(manager: Manager): void {
    const { network, managers } = this.#cluster;
    const share = chance(this.#random, 0.5) ? 1 : 0.5;
    const others = managers.all.filter((one) => one !== manager && chance(this.#random, share));
    const lossy = chance(this.#random, 0.2);
    const way = weighted(this.#random, { both: 3, out: 1, back: 1 });
    const set = (on: boolean): void => {
      for (const { name } of others) {
        const there = network.line(manager.name, name);
        const here = network.line(name, manager.name);
        const loss = on ? between(this.#random, 0.1, 0.6) : 0;
        if (lossy) {
          there.loss = loss;
          here.loss = loss;
        } else {
          there.blocked = on && way !== "back";
          here.blocked = on && way !== "out";
        }
      }
      network.changed();
    };
    set(true);
    this.#later(30_000, () => {
      if (!this.#isOff(manager)) set(false);
    });
  }
}
