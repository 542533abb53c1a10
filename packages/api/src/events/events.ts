import type { Clock } from "@skein/base";
import type { EventMessage } from "@skein/wire";
import type { Backend, Filters } from "../backend.ts";
import type { ApiResponse, EngineApi } from "../http.ts";
import { childAbort, mergeStreams } from "../merge-streams.ts";
import { eventPasses } from "./filter.ts";

const jsonHeader = { "content-type": "application/json" };
const MILLION = 1_000_000n;
const encoder = new TextEncoder();
const lineOf = (event: EventMessage): Uint8Array => encoder.encode(`${JSON.stringify(event)}\n`);
const nanosecondsOf = (event: EventMessage): bigint =>
  BigInt(event.timeNano ?? (event.time ?? 0) * 1e9);

/** Which events are wanted. Times are nanoseconds since the epoch. */
export interface EventRequest {
  readonly since: bigint | undefined;
  readonly until: bigint | undefined;
  readonly filters: Filters;
  readonly signal: AbortSignal;
}

async function* clusterEvents(
  backend: Backend,
  request: EventRequest,
  follow: boolean,
): AsyncGenerator<EventMessage> {
  const { since, until, filters, signal } = request;
  for await (const event of backend.events.subscribe({ since, follow, signal })) {
    const late = until !== undefined && nanosecondsOf(event) > until;
    if (!late && eventPasses(event, filters)) yield event;
  }
}

async function* encoded(events: AsyncIterable<EventMessage>): AsyncGenerator<Uint8Array> {
  for await (const event of events) yield lineOf(event);
}

/** Cuts at line ends, so that lines of two sources never mix. */
async function* wholeLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest = new Uint8Array(0);
  for await (const chunk of body) {
    const joined = new Uint8Array(rest.length + chunk.length);
    joined.set(rest);
    joined.set(chunk, rest.length);
    const end = joined.lastIndexOf(10) + 1;
    rest = joined.slice(end);
    if (end > 0) yield joined.subarray(0, end);
  }
  if (rest.length > 0) yield rest;
}

/** What has happened, from both sides, in the order of time. The engine's stream ends by itself. */
async function* past(
  backend: Backend,
  request: EventRequest,
  engine: AsyncIterable<Uint8Array> | undefined,
): AsyncGenerator<Uint8Array> {
  const lines: { readonly at: bigint; readonly line: Uint8Array }[] = [];
  for await (const event of clusterEvents(backend, request, false))
    lines.push({ at: nanosecondsOf(event), line: lineOf(event) });
  const decoder = new TextDecoder();
  for await (const chunk of engine ? wholeLines(engine) : [])
    for (const text of decoder.decode(chunk).split("\n").filter(Boolean)) {
      const nanoseconds = /"timeNano":([0-9]+)/.exec(text)?.[1] ?? "0";
      lines.push({ at: BigInt(nanoseconds), line: encoder.encode(`${text}\n`) });
    }
  lines.sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
  for (const { line } of lines) yield line;
}

/** What these functions need. */
export interface EventDependencies {
  readonly backend: Backend;
  readonly engine: EngineApi;
  readonly clock: Clock;
}

async function* live(
  dependencies: EventDependencies,
  request: EventRequest,
  engine: AsyncIterable<Uint8Array> | undefined,
): AsyncGenerator<Uint8Array> {
  const { backend, clock } = dependencies;
  const scope = childAbort(request.signal);
  const inner = { ...request, signal: scope.signal };
  if (request.until !== undefined) {
    const wait = Number(request.until / MILLION) - clock.now();
    // The sleep ends early, by rejection, when the client leaves first.
    void clock.sleep(wait, scope.signal).then(scope.abort, () => {});
  }
  try {
    const sources = [encoded(clusterEvents(backend, inner, true))];
    yield* mergeStreams(engine ? [...sources, wholeLines(engine)] : sources);
  } finally {
    scope.abort();
  }
}

/**
 * The answer of GET /events: the engine's stream, which it has filtered itself, and the cluster's
 * events. `enginePath` is undefined when the engine cannot have anything that passes.
 */
export const eventResponse = async (
  dependencies: EventDependencies,
  request: EventRequest,
  enginePath: string | undefined,
): Promise<ApiResponse> => {
  const { engine, clock, backend } = dependencies;
  const { until, signal } = request;
  const answer =
    enginePath === undefined
      ? undefined
      : await engine.request({ method: "GET", path: enginePath, signal });
  if (answer && answer.status !== 200)
    return { status: answer.status, headers: jsonHeader, body: answer.body };
  const isPast = until !== undefined && until <= BigInt(clock.now()) * MILLION;
  return {
    status: 200,
    headers: jsonHeader,
    body: isPast ? past(backend, request, answer?.body) : live(dependencies, request, answer?.body),
  };
};
