import type { Clock } from "@skein/base";
import { OperationError } from "@skein/base";
import { readAll } from "./http.ts";
import type { EngineApi, EngineResponse } from "./http.ts";
import { childAbort } from "./merge-streams.ts";

/** How long the engine may take for what it knows by heart (a ping), in milliseconds. */
export const PING_PATIENCE_MS = 2000;

/** How long the engine may take to describe itself or its networks, in milliseconds. */
export const ANSWER_PATIENCE_MS = 10_000;

/** The engine and the time that its answers may take. */
export interface EngineAccess {
  readonly engine: EngineApi;
  readonly clock: Clock;
}

/** An answer that has arrived completely. */
export interface EngineAnswer {
  readonly status: number;
  readonly headers: EngineResponse["headers"];
  readonly text: string;
}

type EngineQuestion = Parameters<EngineApi["request"]>[0];

const ask = async (engine: EngineApi, question: EngineQuestion): Promise<EngineAnswer> => {
  const { status, headers, body } = await engine.request(question);
  return { status, headers, text: await readAll(body) };
};

/**
 * The engine's whole answer to a short question. An engine that hangs (stopped, out of memory, on a
 * dead disk) must not hang those who ask for the cluster's half: after `patienceMs` the request is
 * given up. Rejects with `unavailable` then, and when there is no answer at all.
 */
export const askEngine = async (
  { engine, clock }: EngineAccess,
  question: EngineQuestion,
  patienceMs: number,
): Promise<EngineAnswer> => {
  const scope = childAbort(question.signal ?? new AbortController().signal);
  const late = clock.sleep(patienceMs, scope.signal).then(() => {
    throw new OperationError(
      "unavailable",
      `the container engine has not answered within ${patienceMs / 1000} s`,
    );
  });
  try {
    return await Promise.race([ask(engine, { ...question, signal: scope.signal }), late]);
  } finally {
    // Ends whichever of the two is still under way; its failure is of no interest any more.
    late.catch(() => {});
    scope.abort();
  }
};
