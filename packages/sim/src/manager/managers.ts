import { assert } from "@skein/base";
import type { Log } from "@skein/store";
import { newMemoryDisk } from "@skein/store";
import { addressOn } from "../network/network.ts";
import type { Network } from "../network/network.ts";
import { MemberClient } from "../quorum/member-client.ts";
import type { Faith } from "../quorum/leadership.ts";
import { QuorumLog } from "../quorum/quorum-log.ts";
import { Quorum } from "../quorum/quorum.ts";
import type { World } from "../world.ts";
import type { FirstManager } from "./first-state.ts";
import type { ManagerHooks, ManagerOptions } from "./manager.ts";
import { Manager } from "./manager.ts";
import type { LogFaults } from "./single-log.ts";
import { openSingleLog } from "./single-log.ts";

/** The machines that managers run on. */
export const managerMachines = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `manager${index + 1}`);

const nodeIdOn = (machine: string): string => machine.padEnd(25, "0");

/** All managers of the cluster, and the log that they share. */
export class Managers {
  readonly all: readonly [Manager, ...Manager[]];
  /** Node ids of the managers. */
  readonly nodeIds: ReadonlySet<string>;
  /** The disk of a single manager. */
  readonly faults: LogFaults = { failures: 0, slow: false, lies: false };
  /** Undefined with a single manager: it has a log of its own. */
  readonly quorum: Quorum | undefined;
  /** A planted bug. */
  readonly faith: Faith = { blind: false };
  /** A planted bug: changes each manager's store. */
  spoil: ManagerHooks["spoil"] = () => {};
  /** A planted bug: changes each manager's log. */
  spoilLog: (log: Log) => Log = (log) => log;

  constructor(
    parts: { readonly world: World; readonly network: Network },
    names: readonly string[],
    hooks: Omit<ManagerHooks, "peer" | "spoil">,
  ) {
    const { world, network } = parts;
    this.quorum = names.length > 1 ? new Quorum(world, network, names) : undefined;
    const firstOnes = names.map((name): FirstManager => ({
      id: nodeIdOn(name),
      address: addressOn(name),
      // A single one has no agent: nothing may run there.
      availability: names.length > 1 ? "active" : "drain",
    }));
    const all = {
      ...hooks,
      peer: (nodeId: string) => this.all.find((one) => one.nodeId === nodeId && one.running),
      spoil: (store: Parameters<ManagerHooks["spoil"]>[0]) => this.spoil(store),
    };
    const openLog = this.#logs();
    const [first, ...others] = names.map(
      (name) =>
        new Manager(
          parts,
          {
            name,
            nodeId: nodeIdOn(name),
            first: firstOnes,
            hasAgent: names.length > 1,
            openLog: openLog(name),
          },
          all,
        ),
    );
    assert(first !== undefined, "a cluster without managers");
    this.all = [first, ...others];
    this.nodeIds = new Set(this.all.map(({ nodeId }) => nodeId));
  }

  start(): void {
    for (const manager of this.all) manager.start();
  }

  /** The program of the manager dies, and that of the member of the log beside it. */
  crashBoth(manager: Manager): void {
    manager.crash();
    const member = this.quorum?.members.get(manager.name);
    if (member) this.quorum?.crash(member);
  }

  /** Both come back. */
  startBoth(manager: Manager): void {
    this.quorum?.members.get(manager.name)?.start();
    manager.start();
  }

  /** How each machine's manager opens its log. */
  #logs(): (name: string) => ManagerOptions["openLog"] {
    const { quorum } = this;
    const disk = newMemoryDisk();
    return (name) => (process, random) => {
      const member = quorum?.members.get(name);
      return quorum && member
        ? this.spoilLog(
            new QuorumLog(new MemberClient(quorum, member, process), random, this.faith),
          )
        : openSingleLog(disk, process, random, this.faults);
    };
  }
}
