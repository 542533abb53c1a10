import { OperationError } from "@skein/base";
import { parseFilters } from "@skein/wire";
import { ANSWER_PATIENCE_MS, askEngine } from "../ask-engine.ts";
import type { AttachDependencies } from "../attach/cluster-networks.ts";
import { clusterNetworkNamed, networksIn } from "../attach/cluster-networks.ts";
import { askedPlaces, forEngine, namedNetworks } from "../attach/create-request.ts";
import { mentionsHidden, withClusterNames } from "../attach/engine-names.ts";
import { isObject, objectIn, parsed, textIn } from "../attach/json.ts";
import { shownContainer } from "../attach/shown-container.ts";
import type { GivenPlace, HeldPlaces, NamedNetwork } from "../backend.ts";
import { passToEngine } from "../engine-pass.ts";
import type { ApiResponse } from "../http.ts";
import { json, readAll } from "../http.ts";
import type { Call, Route } from "../router.ts";

const isForbidden = (error: unknown): boolean =>
  error instanceof OperationError && error.kind === "forbidden";

/** The engine's answer, with the cluster's names in its errors. */
export const shownErrors = async (
  answer: ApiResponse,
  { backend }: AttachDependencies,
): Promise<ApiResponse> => {
  if (answer.status < 400) return answer;
  const text = await readAll(answer.body);
  return { ...answer, body: withClusterNames(text, await networksIn(text, backend)) };
};

/** The cluster's networks among those that the request names, by these names. */
const clusterNetworksOf = async (
  call: Call,
  dependencies: AttachDependencies,
  body: unknown,
): Promise<ReadonlyMap<string, NamedNetwork>> => {
  const found = new Map<string, NamedNetwork>();
  for (const name of namedNetworks(body)) {
    const network = await clusterNetworkNamed(call, dependencies, name);
    if (network) found.set(name, network);
  }
  return found;
};

const placesByName = (
  networks: ReadonlyMap<string, NamedNetwork>,
  places: readonly GivenPlace[],
): ReadonlyMap<string, GivenPlace> =>
  new Map(
    [...networks].flatMap(([name, { id }]) => {
      const place = places.find(({ networkId }) => networkId === id);
      return place ? [[name, place]] : [];
    }),
  );

/**
 * A container on networks of the cluster is made on the engine's that lie below, with addresses of the
 * cluster. As with Docker it is made even when it may not use a network; starting it is then refused.
 */
const create = async (call: Call, dependencies: AttachDependencies): Promise<ApiResponse> => {
  const { backend, engine } = dependencies;
  const text = await call.request.body();
  const body = parsed(text);
  const networks = isObject(body)
    ? await clusterNetworksOf(call, dependencies, body)
    : new Map<string, NamedNetwork>();
  if (!isObject(body) || networks.size === 0) return passToEngine(engine, call.request, text);
  const { attachments } = backend;
  const asked = { name: call.query.text("name"), places: askedPlaces(body, networks) };
  let held: HeldPlaces;
  try {
    held = await attachments.hold(asked);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    const answer = await passToEngine(engine, call.request, text);
    if (answer.status >= 400) throw error;
    return answer;
  }
  try {
    const places = placesByName(networks, held.places);
    const how = { hostServers: attachments.nameServers(), version: call.version };
    const request = JSON.stringify(forEngine(body, places, how));
    const answer = await passToEngine(engine, call.request, request);
    const answered = { ...answer, body: await readAll(answer.body) };
    return await shownErrors(answered, dependencies);
  } finally {
    await attachments.settle({ id: held.id });
  }
};

/** The engine's description of a container; undefined when it has none of that name. */
export const inspected = async (
  call: Call,
  access: AttachDependencies,
  ref: string,
): Promise<unknown> => {
  const path = `/v${call.version}/containers/${encodeURIComponent(ref)}/json`;
  const question = { method: "GET", path, signal: call.request.signal };
  const { status, text } = await askEngine(access, question, ANSWER_PATIENCE_MS);
  return status === 200 ? parsed(text) : undefined;
};

/** Networks of a container that was made without ever being on them: the engine does not know them. */
const neverJoined = (container: unknown): readonly string[] => {
  if (textIn(objectIn(container, "State"), "Status") !== "created") return [];
  const endpoints = objectIn(objectIn(container, "NetworkSettings"), "Networks");
  return Object.entries(endpoints).flatMap(([name, settings]) =>
    textIn(settings, "NetworkID") === "" && !["bridge", "host", "none"].includes(name)
      ? [name]
      : [],
  );
};

/** Refuses, in Docker's words, to start a container that could not be put on a network when it was made. */
const refuseUnattached = async (
  call: Call,
  dependencies: AttachDependencies,
  container: unknown,
): Promise<void> => {
  const { attachments } = dependencies.backend;
  for (const name of neverJoined(container)) {
    const network = await clusterNetworkNamed(call, dependencies, name);
    if (!network) continue;
    const place = { networkId: network.id, addresses: [], aliases: [] };
    const held = await attachments.hold({ name: textIn(container, "Name"), places: [place] });
    await attachments.settle({ id: held.id });
    throw new OperationError(
      "conflict",
      `network ${name} could not be used when this container was made: remove it and create it anew`,
    );
  }
};

/** Gets a container ready to start; whether it is on networks of the cluster. */
const prepareStart = async (
  call: Call,
  dependencies: AttachDependencies,
  container: unknown,
): Promise<boolean> => {
  const settings = objectIn(container, "NetworkSettings");
  const attached = mentionsHidden(Object.keys(objectIn(settings, "Networks")).join(" "));
  const id = textIn(container, "Id");
  try {
    if (attached) await dependencies.backend.attachments.restore({ id });
    else await refuseUnattached(call, dependencies, container);
  } catch (error) {
    // As the engine does with what it cannot start; the client waits for it.
    if (objectIn(container, "HostConfig")["AutoRemove"] === true) {
      const path = `/v${call.version}/containers/${id}?force=1&v=1`;
      const { signal } = call.request;
      await askEngine(dependencies, { method: "DELETE", path, signal }, ANSWER_PATIENCE_MS);
    }
    throw error;
  }
  return attached;
};

/** Starts, or starts anew, a container: one on networks of the cluster gets its addresses first. */
const start = async (call: Call, dependencies: AttachDependencies): Promise<ApiResponse> => {
  const { backend, engine } = dependencies;
  const { attachments } = backend;
  const body = await call.request.body();
  // Docker refuses to start by a request whose body has no known length.
  const pass = (): Promise<ApiResponse> => passToEngine(engine, call.request, body);
  const container = await inspected(call, dependencies, call.params["id"] ?? "");
  if (!(await prepareStart(call, dependencies, container))) return pass();
  try {
    const answer = await pass();
    return await shownErrors({ ...answer, body: await readAll(answer.body) }, dependencies);
  } finally {
    await attachments.settle({ id: textIn(container, "Id") });
  }
};

/** Ends or removes a container; its addresses are free when this is answered. */
const end = async (call: Call, dependencies: AttachDependencies): Promise<ApiResponse> => {
  const { backend, engine } = dependencies;
  const { request } = call;
  const body = request.method === "POST" ? await request.body() : undefined;
  const answer = await passToEngine(engine, request, body);
  const complete = { ...answer, body: await readAll(answer.body) };
  if (answer.status < 400) await backend.attachments.settle({});
  return complete;
};

const inspect = async (call: Call, dependencies: AttachDependencies): Promise<ApiResponse> => {
  const { backend, engine } = dependencies;
  const answer = await passToEngine(engine, call.request);
  const text = await readAll(answer.body);
  if (answer.status !== 200 || !mentionsHidden(text)) return { ...answer, body: text };
  return json(200, shownContainer(parsed(text), await networksIn(text, backend)));
};

const TASK_LABEL = "com.docker.swarm.task";

const truths = new Set(["1", "t", "T", "TRUE", "true", "True"]);

/** The query with our networks' names as the engine knows them, and what it can't filter by left out. */
const engineQuery = (
  call: Call,
  { backend }: AttachDependencies,
): { readonly query: string; readonly isTask: boolean | undefined } => {
  const { query } = call.request;
  const filters = Object.fromEntries(parseFilters(call.query.text("filters")));
  const { "is-task": isTask, ...rest } = filters;
  const hidden = [...backend.attachments.local()];
  const network = rest["network"]?.flatMap((ref) => {
    const found = hidden.filter(([, { id, name }]) => id === ref || name === ref);
    return found.length > 0 ? found.map(([below]) => below) : [ref];
  });
  if (!isTask && !network) return { query, isTask: undefined };
  const wanted = JSON.stringify({ ...rest, ...(network ? { network } : {}) });
  const parts = query.split("&").filter((part) => !part.startsWith("filters="));
  return {
    query: [...parts, `filters=${encodeURIComponent(wanted)}`].join("&"),
    isTask: isTask ? isTask.some((value) => truths.has(value)) : undefined,
  };
};

const list = async (call: Call, dependencies: AttachDependencies): Promise<ApiResponse> => {
  const { backend, engine } = dependencies;
  const { query, isTask } = engineQuery(call, dependencies);
  const answer = await passToEngine(engine, { ...call.request, query });
  const text = await readAll(answer.body);
  const containers = parsed(text);
  if (answer.status !== 200 || !Array.isArray(containers)) return { ...answer, body: text };
  if (isTask === undefined && !mentionsHidden(text)) return { ...answer, body: text };
  const networks = await networksIn(text, backend);
  const shown = containers.filter(
    (one: unknown) => isTask === undefined || TASK_LABEL in objectIn(one, "Labels") === isTask,
  );
  return json(
    200,
    shown.map((one: unknown) => shownContainer(one, networks)),
  );
};

/** What concerns the cluster of the engine's containers: their places on its networks. */
export const containerRoutes = (dependencies: AttachDependencies): readonly Route[] => [
  { method: "POST", pattern: "/containers/create", handler: (call) => create(call, dependencies) },
  { method: "GET", pattern: "/containers/json", handler: (call) => list(call, dependencies) },
  {
    method: "GET",
    pattern: "/containers/{id}/json",
    handler: (call) => inspect(call, dependencies),
  },
  {
    method: "POST",
    pattern: "/containers/{id}/start",
    handler: (call) => start(call, dependencies),
  },
  {
    method: "POST",
    pattern: "/containers/{id}/restart",
    handler: (call) => start(call, dependencies),
  },
  { method: "POST", pattern: "/containers/{id}/stop", handler: (call) => end(call, dependencies) },
  { method: "DELETE", pattern: "/containers/{id}", handler: (call) => end(call, dependencies) },
];
