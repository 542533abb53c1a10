import type { Candidate, LogRequest, TaskLog } from "@skein/manager";
import { noLeader } from "@skein/manager";
import type { RpcMethod, RpcStream } from "@skein/platform";
import type { LeaderLink } from "./leader-link.ts";

/** The remote call by which a manager reads logs through the leader, to whom the agents send them. */
const READ_LOGS_METHOD = "manager.read-logs";

/** Serves the logs to other managers. */
export const logMethods = (candidate: Candidate): readonly RpcMethod[] => [
  {
    name: READ_LOGS_METHOD,
    allow: "manager",
    stream: async (_peer, stream) => {
      const request = (await stream.next()) as LogRequest;
      const { leader } = candidate;
      if (!leader) throw noLeader();
      for await (const line of leader.logs.read(request, stream.signal)) await stream.send(line);
    },
  },
];

/** The output that a request names: from the broker here, or through the leader's. */
export const readLogs = async (
  { candidate, link }: { readonly candidate: Candidate; readonly link: LeaderLink },
  request: LogRequest,
  signal: AbortSignal,
): Promise<AsyncIterable<TaskLog>> => {
  if (candidate.leader) return candidate.leader.logs.read(request, signal);
  const stream = await link.stream(READ_LOGS_METHOD);
  await stream.send(request);
  return received(stream, signal);
};

async function* received(stream: RpcStream, signal: AbortSignal): AsyncGenerator<TaskLog> {
  const stop = (): void => stream.cancel();
  signal.addEventListener("abort", stop, { once: true });
  try {
    for await (const line of stream) yield line as TaskLog;
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    stream.release();
  }
}
