import { silentLogger } from "@skein/base";
import type { Clock } from "@skein/base";
import { createApi } from "../api.ts";
import { readAll } from "../http.ts";
import type { ApiResponse, EngineApi } from "../http.ts";
import { memoryBackend } from "./memory-backend.ts";
import type { MemoryCluster } from "./memory-backend.ts";

/** A request to an engine of {@link fakeEngine}, as it arrived. */
export interface EngineCall {
  readonly method: string;
  readonly path: string;
  readonly body: string | undefined;
}

export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An engine with fixed answers by `METHOD path`; whatever it does not know is its 404. */
export const fakeEngine = (
  answers: Readonly<Record<string, FakeAnswer>>,
): { readonly engine: EngineApi; readonly calls: EngineCall[] } => {
  const calls: EngineCall[] = [];
  const engine: EngineApi = {
    request: async ({ method, path, body }) => {
      calls.push({ method, path, body });
      const missing: FakeAnswer = { status: 404, body: '{"message":"not here"}\n' };
      const known =
        answers[`${method} ${path}`] ?? answers[`${method} ${path.split("?")[0] ?? ""}`];
      const { status = 200, headers = {}, body: text = "" } = known ?? missing;
      async function* bytes(): AsyncGenerator<Uint8Array> {
        yield new TextEncoder().encode(text);
      }
      return {
        status,
        headers: { "content-type": "application/json", ...headers },
        body: bytes(),
      };
    },
  };
  return { engine, calls };
};

/** An engine of one API version. */
export const engineOf = (apiVersion: string): EngineApi =>
  fakeEngine({ "GET /_ping": { headers: { "api-version": apiVersion }, body: "OK" } }).engine;

/** A clock that stands at `now`; its sleeps end only by their signal. */
export const standingClock = (now: number): Clock => ({
  now: () => now,
  monotonic: () => now,
  sleep: async (_ms, signal) => {
    await new Promise((_resolve, reject) => {
      signal?.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
    });
  },
});

export interface AskOptions {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body as JSON; undefined when it is empty or something else. */
  readonly json: unknown;
}

const asJson = (text: string): unknown => {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
};

/** The API over a cluster in memory: `ask("GET", "/v1.41/services")`. */
export const newHarness = (
  cluster: MemoryCluster,
  engine: EngineApi = engineOf("1.48"),
  clock: Clock = standingClock(1_700_000_000_000),
): {
  readonly ask: (method: string, url: string, options?: AskOptions) => Promise<Answer>;
  readonly raw: (method: string, url: string, options?: AskOptions) => Promise<ApiResponse>;
  readonly owns: (method: string, url: string) => boolean;
} => {
  const api = createApi({
    backend: memoryBackend(cluster),
    engine,
    clock,
    logger: silentLogger,
    version: "0.1.0",
  });
  const raw = async (
    method: string,
    url: string,
    { body = "", headers = {}, signal = new AbortController().signal }: AskOptions = {},
  ): Promise<ApiResponse> => {
    const [path = "/", query = ""] = url.split("?", 2);
    const request = { method, path, query, headers, body: async () => body, signal };
    return await api.handle(request);
  };
  const ask = async (method: string, url: string, options?: AskOptions): Promise<Answer> => {
    const { status, headers, body } = await raw(method, url, options);
    const text = await readAll(body);
    return { status, headers, text, json: asJson(text) };
  };
  return { ask, raw, owns: (method, url) => api.owns(method, url) };
};
