import type { Clock } from "@skein/base";
import { messageOf } from "@skein/base";
import type { LogSubscription } from "@skein/model";
import { STEP_RETRY_MS } from "../limits.ts";
import type { Executor, LogStream } from "../ports.ts";
import { linkAbort, pause } from "../shared/cancel.ts";
import type { Worker } from "../worker/worker.ts";
import { LineSender } from "./line-sender.ts";

export interface PublisherDependencies {
  readonly executor: Executor;
  readonly worker: Worker;
  readonly clock: Clock;
}

/** Waits for the task's container. Undefined: it has none (and, when following, never will). */
const findContainer = async (
  { worker, clock }: PublisherDependencies,
  taskId: string,
  follow: boolean,
  signal: AbortSignal,
): Promise<string | undefined> => {
  for (;;) {
    const id = worker.containerOf(taskId);
    if (id !== undefined || !follow || !worker.has(taskId)) return id;
    if (!(await pause(clock, STEP_RETRY_MS, signal))) return undefined;
  }
};

const copyTask = async (
  deps: PublisherDependencies,
  subscription: LogSubscription,
  taskId: string,
  stream: LogStream,
  signal: AbortSignal,
): Promise<void> => {
  const id = await findContainer(deps, taskId, subscription.follow, signal);
  if (id === undefined) return;
  const sender = new LineSender(stream, signal);
  const read = async (): Promise<void> => {
    try {
      for await (const message of deps.executor.logs({ id, taskId }, subscription, signal))
        await sender.add(message);
    } finally {
      sender.finish();
    }
  };
  await Promise.all([read(), sender.run()]);
};

/**
 * Sends the output of the subscription's tasks, each in its own order, and then the end. A task
 * whose output cannot be read makes an end with an error, after the output of the others.
 */
export const publishLogs = async (
  deps: PublisherDependencies,
  subscription: LogSubscription,
  stream: LogStream,
  signal: AbortSignal,
): Promise<void> => {
  const link = linkAbort(signal, stream.closed);
  try {
    const results = await Promise.allSettled(
      subscription.taskIds.map((taskId) =>
        copyTask(deps, subscription, taskId, stream, link.signal),
      ),
    );
    if (link.signal.aborted) return;
    const errors = results.flatMap((result) =>
      result.status === "rejected" ? [messageOf(result.reason)] : [],
    );
    await stream.send({ type: "end", ...(errors[0] === undefined ? {} : { error: errors[0] }) });
  } finally {
    link.release();
    stream.close();
  }
};
