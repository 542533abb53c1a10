import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@skein/sdk";
import type { Client } from "@skein/sdk";
import type { Context } from "./command/spec.ts";
import { describeError } from "./output/report.ts";
import { buildProgram } from "./program/run.ts";

/** What a daemon of tests answers: a status and a body (bytes as they are, all else as JSON), or a function that makes them. */
type Answer = readonly [status: number, body: unknown];

/** Answers by `METHOD /path`, without the query. A list is used up one by one; its last stays. */
export type Routes = Readonly<Record<string, Answer | readonly Answer[]>>;

/** A request that the daemon got. */
interface Seen {
  readonly route: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

/** What a command did. */
export interface Result {
  readonly out: string;
  readonly error: string;
  /** The exit is a failure with this text, or undefined. */
  readonly failure: string | undefined;
  readonly requests: readonly Seen[];
}

const isList = (answers: Answer | readonly Answer[]): answers is readonly Answer[] =>
  Array.isArray(answers[0]);

const serve = (routes: Routes, requests: Seen[]): Server => {
  const counts = new Map<string, number>();
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://daemon");
      const route = `${request.method} ${decodeURIComponent(pathname)}`;
      const text = Buffer.concat(chunks).toString();
      requests.push({
        route,
        query: searchParams,
        body: text === "" ? undefined : (JSON.parse(text) as unknown),
      });
      const known = routes[route] ?? [404, { message: `no route ${route}` }];
      const count = counts.get(route) ?? 0;
      counts.set(route, count + 1);
      const last = isList(known) ? known[Math.min(count, known.length - 1)] : known;
      const [status, body] = last ?? [500, { message: "no answer" }];
      response.writeHead(status, { "Content-Type": "application/json" });
      if (Buffer.isBuffer(body)) response.end(body);
      else response.end(body === undefined ? "" : JSON.stringify(body));
    });
  });
};

/**
 * Runs a command line against a daemon that answers from `routes`, on a real socket. Time stands
 * still at `now` (milliseconds) but for sleeps, which pass at once.
 */
export const runCli = async (
  words: readonly string[],
  routes: Routes = {},
  now = 0,
): Promise<Result> => {
  const directory = mkdtempSync(join(tmpdir(), "skein-cli-"));
  const socket = join(directory, "s.sock");
  const requests: Seen[] = [];
  const server = serve(routes, requests);
  await new Promise<void>((resolve) => {
    server.listen(socket, resolve);
  });
  let time = now;
  let client: Client | undefined;
  const written = { out: "", error: "" };
  const context: Context = {
    host: `unix://${socket}`,
    environment: { HOME: directory, DOCKER_CONFIG: directory },
    columns: undefined,
    clock: {
      now: () => time,
      monotonic: () => time,
      sleep: async (ms) => {
        time += ms;
      },
    },
    client: () => (client ??= createClient({ host: `unix://${socket}` })),
    out: (text) => {
      written.out += text;
    },
    error: (text) => {
      written.error += text;
    },
    interrupted: () => new Promise(() => {}),
    readSecret: async () => "SWMKEY-1-secret",
  };
  const program = await buildProgram(
    [],
    () => false,
    () => context,
  );
  let failure: string | undefined;
  try {
    await program.parseAsync([...words], { from: "user" });
  } catch (error) {
    failure = describeError(error);
  }
  client?.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true });
  return { ...written, failure, requests };
};
