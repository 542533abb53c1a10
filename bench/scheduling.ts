// Scheduling alone: how long one pass takes that gives every pending task a node, edits of the
// transaction included. The peer's figures are SwarmKit's own benchmarks on the same kind of machine.
import { seededRandom, silentLogger } from "@skein/base";
import { Scheduler } from "@skein/manager";
import type { Transaction } from "@skein/store";
import { openMemoryLog, Store } from "@skein/store";
import { aNode, aSpec, aTask } from "./builders.ts";
import type { Row } from "./table.ts";
import { milliseconds } from "./table.ts";
import { wallClock } from "./wall-clock.ts";

interface Case {
  readonly name: string;
  readonly nodes: number;
  readonly tasks: number;
  readonly services: number;
  readonly constraint?: string;
  /** Milliseconds. */
  readonly peer?: number;
}

const cases: readonly Case[] = [
  { name: "1k tasks on 1k nodes", nodes: 1000, tasks: 1000, services: 1, peer: 120 },
  { name: "100k tasks on 1k nodes", nodes: 1000, tasks: 100_000, services: 1, peer: 17_000 },
  {
    name: "100k tasks on 5k nodes, constraint",
    nodes: 5000,
    tasks: 100_000,
    services: 1,
    constraint: "node.labels.zone!=2",
    peer: 60_000,
  },
  { name: "100k tasks of 1k services on 5k nodes", nodes: 5000, tasks: 100_000, services: 1000 },
  {
    name: "100k tasks of 10k services on 10k nodes",
    nodes: 10_000,
    tasks: 100_000,
    services: 10_000,
  },
];

const fill = (tx: Transaction, { nodes, tasks, services, constraint }: Case): void => {
  for (let i = 0; i < nodes; i += 1) tx.put("nodes", aNode(`node-${i}`, { zone: String(i % 3) }));
  const each = tasks / services;
  for (let i = 0; i < services; i += 1) {
    tx.put("specs", aSpec(`service-${i}`, constraint === undefined ? [] : [constraint]));
    for (let slot = 1; slot <= each; slot += 1)
      tx.put("tasks", aTask(`service-${i}`, slot, tx.now));
  }
};

const measure = async (given: Case): Promise<number> => {
  const log = openMemoryLog();
  const store = await Store.open(log, wallClock);
  const scheduler = new Scheduler();
  const context = { random: seededRandom(1), logger: silentLogger };
  let elapsed = 0;
  const leadership = await log.campaign("bench", new AbortController().signal);
  store.lead(leadership, {
    plan: (tx, changes) => {
      const start = performance.now();
      scheduler.observe(changes);
      scheduler.schedule(tx, context);
      elapsed += performance.now() - start;
    },
    reset: () => scheduler.reset(),
    failed: (error) => {
      throw error;
    },
  });
  await store.transact((tx) => fill(tx, given));
  for (const { nodeId } of store.view.all("tasks").values())
    if (nodeId === undefined) throw new Error("a task has no node");
  return elapsed;
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** One row per case: the median of three passes. */
export const scheduling = async (): Promise<readonly Row[]> => {
  const rows: Row[] = [];
  for (const given of cases) {
    const runs: number[] = [];
    for (let run = 0; run < 3; run += 1) runs.push(await measure(given));
    const peer = given.peer === undefined ? "" : milliseconds(given.peer);
    rows.push({ what: given.name, skein: milliseconds(median(runs)), peer });
  }
  return rows;
};
