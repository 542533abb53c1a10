import type { SwarmInfo } from "@skein/wire";
import { ANSWER_PATIENCE_MS, askEngine, PING_PATIENCE_MS } from "../ask-engine.ts";
import type { EngineAccess, EngineAnswer } from "../ask-engine.ts";
import { OLDEST, isBefore } from "../api-version.ts";
import type { Backend } from "../backend.ts";
import { errorText } from "../error-response.ts";
import { json } from "../http.ts";
import type { ApiResponse } from "../http.ts";
import type { OfferedVersion } from "../offered-version.ts";
import type { Call, Route } from "../router.ts";

/** What these routes need. */
export interface InfoDependencies extends EngineAccess {
  readonly backend: Backend;
  readonly offered: OfferedVersion;
  /** Our own version, for the `Skein` component of /version. */
  readonly version: string;
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const parse = ({ text }: EngineAnswer): Json => {
  const value: unknown = JSON.parse(text);
  return isObject(value) ? value : {};
};

/** The reference says this in the `Swarm` header from API 1.42 on; before, the header is absent. */
const swarmHeader = (backend: Backend, offered: string): Readonly<Record<string, string>> => {
  if (isBefore(offered, "1.42")) return {};
  const { state, manager } = backend.info.status();
  return { swarm: state === "active" ? `active/${manager ? "manager" : "worker"}` : state };
};

const kept = ["docker-experimental", "ostype", "server", "builder-version"];

/**
 * The health check and the start of version negotiation. Answered also without the engine, so that
 * the cluster can be looked at and repaired while the engine is down.
 */
const ping = async (call: Call, dependencies: InfoDependencies): Promise<ApiResponse> => {
  const { backend, offered } = dependencies;
  let headers: Readonly<Record<string, string>> = {};
  try {
    const question = { method: "GET", path: "/_ping" };
    ({ headers } = await askEngine(dependencies, question, PING_PATIENCE_MS));
  } catch {
    headers = { "docker-experimental": "false", ostype: "linux" };
  }
  const version = offered.learn(headers["api-version"]);
  return {
    status: 200,
    headers: {
      ...Object.fromEntries(Object.entries(headers).filter(([name]) => kept.includes(name))),
      "content-type": "text/plain; charset=utf-8",
      "api-version": version,
      "cache-control": "no-cache, no-store, must-revalidate",
      pragma: "no-cache",
      ...swarmHeader(backend, version),
    },
    body: call.request.method === "HEAD" ? "" : "OK",
  };
};

const versionsOf = (offered: string): Json => ({
  ApiVersion: offered,
  MinAPIVersion: OLDEST,
});

const withOurs = (component: unknown, ours: Json): unknown =>
  isObject(component) && isObject(component["Details"]) && "ApiVersion" in component["Details"]
    ? { ...component, Details: { ...component["Details"], ...ours } }
    : component;

/** The engine's /version with our bounds of negotiation and one more component. */
const version = async (call: Call, dependencies: InfoDependencies): Promise<ApiResponse> => {
  const { offered, version: own } = dependencies;
  const { path, signal } = call.request;
  const question = { method: "GET", path, signal };
  const answer = await askEngine(dependencies, question, ANSWER_PATIENCE_MS);
  const body = parse(answer);
  if (answer.status !== 200) return json(answer.status, body);
  const engineVersion = typeof body["ApiVersion"] === "string" ? body["ApiVersion"] : undefined;
  const ours = versionsOf(offered.learn(engineVersion));
  const components = Array.isArray(body["Components"]) ? body["Components"] : [];
  return json(200, {
    ...body,
    Components: [
      ...components.map((component: unknown) => withOurs(component, ours)),
      { Name: "Skein", Version: own, Details: ours },
    ],
    ...ours,
  });
};

const warnings = (body: Json): readonly unknown[] =>
  Array.isArray(body["Warnings"]) ? body["Warnings"] : [];

/** /info with our Swarm section; its warnings go to the top as well from API 1.42 on. */
const merged = (body: Json, swarm: SwarmInfo, offered: string): Json => {
  const added = isBefore(offered, "1.42") ? [] : (swarm.Warnings ?? []);
  const all = [...warnings(body), ...added];
  return { ...body, Swarm: swarm, ...(all.length > 0 && { Warnings: all }) };
};

const info = async (call: Call, dependencies: InfoDependencies): Promise<ApiResponse> => {
  const { backend, offered } = dependencies;
  const swarm = await backend.info.swarm();
  const { path, signal } = call.request;
  let answer: EngineAnswer;
  try {
    answer = await askEngine(dependencies, { method: "GET", path, signal }, ANSWER_PATIENCE_MS);
  } catch (error) {
    // The cluster half is still true, and clients need it for join, leave and join-token.
    return json(200, { Swarm: swarm, Warnings: [`WARNING: ${errorText(error)}`] });
  }
  const body = parse(answer);
  if (answer.status !== 200) return json(answer.status, body);
  return json(200, merged(body, swarm, await offered.current()));
};

/** /_ping, /version and /info: the engine's answers with the cluster's part in them. */
export const infoRoutes = (dependencies: InfoDependencies): readonly Route[] => [
  { method: "GET", pattern: "/_ping", handler: (call) => ping(call, dependencies) },
  { method: "HEAD", pattern: "/_ping", handler: (call) => ping(call, dependencies) },
  { method: "GET", pattern: "/version", handler: (call) => version(call, dependencies) },
  { method: "GET", pattern: "/info", handler: (call) => info(call, dependencies) },
];
