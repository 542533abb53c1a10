import type { Random } from "@skein/base";
import { newId } from "@skein/base";
import { isTerminal } from "@skein/model";
import type { Task } from "@skein/model";
import type { Planner, Transaction } from "@skein/store";
import type { Cluster } from "./cluster.ts";
import { chance, pick } from "./draw.ts";
import type { World } from "./world.ts";

/** A fault in our own code, made on purpose: the checkers must find it. */
export interface PlantedBug {
  readonly name: string;
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

/** All planted bugs. */
export const plantedBugs: readonly PlantedBug[] = [
  {
    name: "commits are acknowledged before they are durable",
    plant: ({ manager }) => {
      manager.faults.lies = true;
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
