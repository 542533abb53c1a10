import type { Random } from "@skein/base";
import { newId } from "@skein/base";
import { isTerminal } from "@skein/model";
import type { Task } from "@skein/model";
import type { Log, Planner, Transaction } from "@skein/store";
import type { Cluster } from "./cluster.ts";
import { chance, pick } from "./draw.ts";
import type { World } from "./world.ts";

/** A fault in our own code, made on purpose: the checkers must find it. */
export interface PlantedBug {
  readonly name: string;
  /** The seed that shows it at present: where a search begins. 1 by default. */
  readonly seed?: number;
  /** With how many managers it shows; 1 by default. */
  readonly managers?: number;
  /** Changes the cluster before it starts. */
  readonly plant?: (cluster: Cluster) => void;
  /** Stands between the control loops and the store. */
  readonly sabotage?: (world: World) => (planner: Planner) => Planner;
}

/** Does something wrong after each run of the control loops. */
const afterPlan =
  (spoil: (tx: Transaction, planned: readonly Task[], random: Random) => void) =>
  (world: World) =>
  (planner: Planner): Planner => {
    const random = world.random.fork("planted bug");
    return {
      plan: (tx, changes) => {
        const mark = tx.mark();
        planner.plan(tx, changes);
        const planned = tx
          .changesSince(mark)
          .flatMap((change) => (change.table === "tasks" && change.after ? [change.after] : []));
        spoil(tx, planned, random);
      },
      reset: () => planner.reset(),
      failed: (error) => planner.failed(error),
    };
  };

const isNew = ({ status }: Task): boolean => status.state === "assigned";

/** Bugs in what one manager does. */
const bugsOfOne: readonly PlantedBug[] = [
  {
    name: "commits are acknowledged before they are durable",
    plant: ({ managers }) => {
      managers.faults.lies = true;
    },
  },
  {
    name: "the scheduler does not look at nodes",
    sabotage: afterPlan((tx, planned, random) => {
      for (const task of planned.filter(isNew)) {
        const node = pick(random, [...tx.all("nodes").values()]);
        if (node && chance(random, 0.1)) tx.put("tasks", { ...task, nodeId: node.id });
      }
    }),
  },
  {
    name: "a slot gets two tasks",
    sabotage: afterPlan((tx, planned, random) => {
      for (const task of planned.filter(isNew))
        if (chance(random, 0.02)) tx.put("tasks", { ...task, id: newId(random) });
    }),
  },
  {
    name: "the observed state goes back",
    sabotage: afterPlan((tx, _, random) => {
      const task = pick(random, [...tx.all("tasks").values()]);
      if (task?.status.state === "running" && chance(random, 0.05))
        tx.put("tasks", { ...task, status: { ...task.status, state: "starting" } });
    }),
  },
  {
    name: "no node is ever down",
    sabotage: afterPlan((tx) => {
      for (const node of tx.all("nodes").values())
        if (node.status.state === "down" && node.role === "worker")
          tx.put("nodes", { ...node, status: { ...node.status, state: "ready" } });
    }),
  },
  {
    name: "ended tasks are not replaced",
    sabotage: afterPlan((tx, planned) => {
      for (const { id, restartOf } of planned) if (restartOf !== undefined) tx.delete("tasks", id);
    }),
  },
  {
    name: "stopped tasks are believed to have ended at once",
    seed: 12,
    sabotage: afterPlan((tx, planned) => {
      for (const task of planned)
        if (task.desiredState === "shutdown" && !isTerminal(task.status.state))
          tx.put("tasks", { ...task, status: { ...task.status, state: "shutdown" } });
    }),
  },
  {
    name: "statuses get lost on a living connection",
    plant: ({ network, world }) => {
      const random = world.random.fork("planted bug");
      network.loses = (message) => message.type === "statuses" && chance(random, 0.05);
    },
  },
  {
    name: "a change of a network is left out of what a node is told",
    plant: ({ network, world }) => {
      const random = world.random.fork("planted bug");
      network.spoils = (message) =>
        message.type === "networks" && message.changes.length > 0 && chance(random, 0.1)
          ? {
              ...message,
              changes: message.changes.map(({ id, base, version }) => ({ id, base, version })),
            }
          : message;
    },
  },
  {
    name: "containers and secrets are not removed",
    plant: (cluster) => {
      cluster.onHost = ({ engine }) => {
        engine.keepsEverything = true;
      };
    },
  },
];

/** Never aborted. */
const never = (): AbortSignal => new AbortController().signal;

/** Bugs in how the managers share the log. */
const bugsOfSeveral: readonly PlantedBug[] = [
  {
    name: "a leader goes on after its lease has run out",
    seed: 30,
    plant: ({ managers }) => {
      managers.faith.blind = true;
    },
  },
  {
    name: "the log takes commits of leaders that were deposed",
    plant: ({ managers }) => {
      managers.faith.blind = true;
      if (managers.quorum) managers.quorum.fencing.broken = true;
    },
  },
  {
    name: "a store does not take back what it could not commit",
    plant: ({ managers }) => {
      managers.spoilLog = (log) => ({
        ...withMethods(log),
        commit: (batch) =>
          log.commit(batch).catch(
            () =>
              new Promise<void>(() => {
                // Never: as if it were still under way.
              }),
          ),
      });
      managers.spoil = (store) => {
        const lead = store.lead.bind(store);
        store.lead = (held, planner) =>
          lead(
            {
              term: held.term,
              lost: never(),
              valid: () => held.valid(),
              confirm: () => held.confirm(),
              resign: () => held.resign(),
            },
            planner,
          );
      };
    },
  },
  {
    name: "a commit that was cut off by the loss of the lead is taken for done",
    plant: ({ managers }) => {
      managers.spoilLog = (log) => ({
        ...withMethods(log),
        commit: (batch) => log.commit(batch).catch(() => {}),
      });
    },
  },
  {
    name: "a candidate leads before it has caught up",
    plant: ({ managers }) => {
      managers.spoil = (store) => {
        store.reached = () => Promise.resolve();
      };
    },
  },
  {
    name: "followers answer from what they have",
    plant: ({ managers }) => {
      managers.spoil = (store) => {
        store.fresh = () => Promise.resolve();
      };
    },
  },
  {
    name: "the disks of a majority lie",
    plant: ({ world, managers: { quorum } }) => {
      if (!quorum) return;
      quorum.disksLie = true;
      const members = [...quorum.members.values()];
      for (const { disk } of members) disk.faults.lies = true;
      // The power fails everywhere.
      world.after(100_000, () => members.forEach((member) => quorum.crash(member)));
      world.after(101_000, () => members.forEach((member) => member.start()));
    },
  },
];

/** The log's own methods, for one that is partly another. */
const withMethods = (log: Log): Log => ({
  load: () => log.load(),
  commit: (batch) => log.commit(batch),
  watch: (after, listener, signal) => log.watch(after, listener, signal),
  campaign: (candidate, signal) => log.campaign(candidate, signal),
  readIndex: (signal) => log.readIndex(signal),
  observeLeader: (listener, signal) => log.observeLeader(listener, signal),
  close: () => log.close(),
});

/** All planted bugs. */
export const plantedBugs: readonly PlantedBug[] = [
  ...bugsOfOne,
  ...bugsOfSeveral.map((bug) => ({ ...bug, managers: 3 })),
];
