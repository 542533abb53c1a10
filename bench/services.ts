// `service create` through the control operations, until every task has a node and all is durable.
import type { Log } from "@skein/store";
import type { BenchManager } from "./bench-cluster.ts";
import {
  fillNodes,
  lmdbLog,
  memoryLog,
  scratch,
  startManager,
  webService,
} from "./bench-cluster.ts";
import type { Row } from "./table.ts";
import { milliseconds } from "./table.ts";

const NODES = 1000;
let names = 0;

const create = async ({ control, store }: BenchManager, replicas: number): Promise<number> => {
  names += 1;
  const start = performance.now();
  const { ID } = await control.services.create({
    spec: webService(`web-${names}`, replicas),
    registryAuth: "",
  });
  const elapsed = performance.now() - start;
  const tasks = [...store.view.tasksOfService(ID).values()];
  const placed = tasks.filter(({ status }) => status.state === "assigned");
  if (placed.length !== replicas) throw new Error(`${placed.length} of ${replicas} have a node`);
  return elapsed;
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const measure = async (name: string, open: () => Promise<Log>): Promise<readonly Row[]> => {
  const manager = await startManager(await open());
  await fillNodes(manager, NODES);
  await create(manager, 100); // warms up
  const rows: Row[] = [];
  for (const replicas of [1, 100, 10_000]) {
    const runs: number[] = [];
    for (let i = 0; i < (replicas > 1000 ? 3 : 11); i += 1)
      runs.push(await create(manager, replicas));
    const what = `create with ${replicas} replica${replicas === 1 ? "" : "s"}, ${name} log, ${NODES} nodes`;
    rows.push({ what, skein: milliseconds(median(runs)), peer: "" });
  }
  await manager.stop();
  return rows;
};

/** One row per number of replicas and kind of log: medians. */
export const services = async (): Promise<readonly Row[]> => {
  const { directory, remove } = scratch();
  try {
    return [
      ...(await measure("memory", memoryLog)),
      ...(await measure("lmdb", () => lmdbLog(directory))),
    ];
  } finally {
    remove();
  }
};
