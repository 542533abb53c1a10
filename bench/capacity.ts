// A manager with 100,000 tasks: its memory, and how long it takes to start on what is on its disk.
import { startManager, fillNodes, lmdbLog, scratch, webService } from "./bench-cluster.ts";
import type { BenchManager } from "./bench-cluster.ts";
import type { Row } from "./table.ts";
import { mebibytes, milliseconds } from "./table.ts";

const NODES = 1000;
const SERVICES = 100;
const REPLICAS = 1000;

const heapUsed = (): number => {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};

const fill = async (manager: BenchManager): Promise<void> => {
  await fillNodes(manager, NODES);
  for (let i = 0; i < SERVICES; i += 1)
    await manager.control.services.create({
      spec: webService(`web-${i}`, REPLICAS),
      registryAuth: "",
    });
};

/** Heap and restart time. Needs `--expose-gc`. */
export const capacity = async (): Promise<readonly Row[]> => {
  const { directory, remove } = scratch();
  try {
    const before = heapUsed();
    const first = await startManager(await lmdbLog(directory));
    const filling = performance.now();
    await fill(first);
    const filled = performance.now() - filling;
    const heap = heapUsed() - before;
    await first.stop();
    const restarting = performance.now();
    const second = await startManager(await lmdbLog(directory));
    const restarted = performance.now() - restarting;
    const tasks = second.store.view.all("tasks").size;
    if (tasks !== SERVICES * REPLICAS) throw new Error(`${tasks} tasks after the restart`);
    await second.stop();
    return [
      {
        what: "100 services of 1,000 replicas, one after the other",
        skein: milliseconds(filled),
        peer: "",
      },
      { what: "heap with 100k assigned tasks", skein: mebibytes(heap), peer: "" },
      {
        what: "restart with 100k tasks, lmdb, until the loops ran",
        skein: milliseconds(restarted),
        peer: "",
      },
    ];
  } finally {
    remove();
  }
};
