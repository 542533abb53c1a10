import type { Random } from "@skein/base";
import type { Cluster } from "../cluster.ts";
import { between, chance } from "../draw.ts";
import type { Host } from "../host.ts";
import type { Later, ManagerFault, ManagerFaults } from "./manager-faults.ts";

/** What goes wrong with a single manager and its disk. */
export class SingleFaults implements ManagerFaults {
  readonly #cluster: Cluster;
  readonly #random: Random;
  readonly #later: Later;

  constructor(cluster: Cluster, random: Random, later: Later) {
    this.#cluster = cluster;
    this.#random = random;
    this.#later = later;
  }

  shares(kind: string): kind is ManagerFault {
    return kind === "freeze" || kind === "clock";
  }

  strike(kind: ManagerFault): void {
    const { managers } = this.#cluster;
    const [manager] = managers.all;
    const { process } = manager;
    if (kind === "freeze") process?.freeze(between(this.#random, 200, 20_000));
    else if (kind === "clock" && process) process.skew += between(this.#random, -60_000, 60_000);
    else if (kind === "manager") {
      manager.crash();
      this.#later(20_000, () => managers.start());
    } else if (kind === "disk") {
      if (chance(this.#random, 0.5)) managers.faults.failures = 0.3;
      else managers.faults.slow = true;
      this.#later(20_000, () => this.#healDisk());
    }
  }

  powerOff(host: Host): void {
    host.powerOff();
  }

  repair(host: Host): void {
    host.repair();
  }

  finish(): void {
    this.#healDisk();
    this.#cluster.managers.start();
  }

  #healDisk(): void {
    const { faults } = this.#cluster.managers;
    faults.failures = 0;
    faults.slow = false;
  }
}
