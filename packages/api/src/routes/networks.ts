import { OperationError } from "@skein/base";
import { ENGINE_NETWORK_LABEL, decodeNetworkCreateRequest, parseFilters } from "@skein/wire";
import type {
  Network,
  NetworkContainer,
  NetworkCreateRequest,
  NetworkCreateResponse,
} from "@skein/wire";
import { isBefore } from "../api-version.ts";
import { ANSWER_PATIENCE_MS, askEngine } from "../ask-engine.ts";
import type { EngineAccess } from "../ask-engine.ts";
import { isBehindOverlay } from "../attach/engine-names.ts";
import { objectIn, parsed, textsIn } from "../attach/json.ts";
import type { Backend } from "../backend.ts";
import { passToEngine, targetOf } from "../engine-pass.ts";
import { empty, json, readAll } from "../http.ts";
import type { ApiResponse } from "../http.ts";
import type { Call, Route } from "../router.ts";

/** What these routes need. */
export interface NetworkDependencies extends EngineAccess {
  readonly backend: Backend;
}

const ref = (call: Call): string => call.params["id"] ?? "";

const isNotFound = (error: unknown): boolean =>
  error instanceof OperationError && error.kind === "not-found";

/** The network as the request's version shows it. */
const shown = (network: Network, version: string): Partial<Network> => {
  if (!isBefore(version, "1.48")) return network;
  const { EnableIPv4: _, ...rest } = network;
  return rest;
};

/** The cluster's network, or undefined when it has none of that name or id. */
const clusterNetwork = async (backend: Backend, name: string): Promise<Network | undefined> => {
  try {
    return await backend.networks.get({ ref: name });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
};

/** The engine's answer to the same question. */
const asked = async (call: Call, access: EngineAccess): Promise<ApiResponse & { body: string }> => {
  const { method, signal } = call.request;
  const question = { method, path: targetOf(call.request), signal };
  const { status, headers, text } = await askEngine(access, question, ANSWER_PATIENCE_MS);
  const type = headers["content-type"];
  return { status, headers: type === undefined ? {} : { "content-type": type }, body: text };
};

interface LocalNetwork {
  readonly Id?: string;
  readonly Name?: string;
}

const isListOfNetworks = (value: unknown): value is readonly LocalNetwork[] => Array.isArray(value);

/** The cluster's networks first, then the engine's that are not the same. */
const list = async (call: Call, dependencies: NetworkDependencies): Promise<ApiResponse> => {
  const { backend } = dependencies;
  const answer = await asked(call, dependencies);
  if (answer.status !== 200) return answer;
  const local: unknown = JSON.parse(answer.body);
  // The engine has accepted the filters, so they can be read.
  const filters = Object.fromEntries(parseFilters(call.query.text("filters")));
  const cluster = await backend.networks.list({ filters });
  if (!isListOfNetworks(local)) return answer;
  const ids = new Set(cluster.map(({ Id }) => Id));
  const own = local.filter(({ Id, Name }) => !ids.has(Id ?? "") && !isBehindOverlay(Name));
  return json(200, [...cluster.map((network) => shown(network, call.version)), ...own]);
};

/** The containers that the engine has on its network below. */
const containersBelow = async (
  call: Call,
  access: EngineAccess,
  name: string,
): Promise<Record<string, NetworkContainer>> => {
  const path = `/v${call.version}/networks/${name}`;
  const question = { method: "GET", path, signal: call.request.signal };
  const { status, text } = await askEngine(access, question, ANSWER_PATIENCE_MS);
  if (status !== 200) return {};
  return objectIn(parsed(text), "Containers") as Record<string, NetworkContainer>;
};

/** The network as this node sees it, if it is on it; otherwise as the cluster does. */
const asSeenHere = async (
  call: Call,
  dependencies: NetworkDependencies,
  network: Network,
): Promise<Network> => {
  const { attachments } = dependencies.backend;
  const view = attachments.view({ id: network.Id });
  const below = [...attachments.local()].find(([, { id }]) => id === network.Id)?.[0];
  if (!view || below === undefined) return network;
  const containers = await containersBelow(call, dependencies, below);
  const [key, own] = view.own;
  return {
    ...network,
    Containers: { ...containers, [key]: own },
    Labels: network.Labels ?? {},
    Peers: view.peers,
    ...(call.query.flag("verbose") ? { Services: view.services } : {}),
  };
};

const get = async (call: Call, dependencies: NetworkDependencies): Promise<ApiResponse> => {
  const { backend } = dependencies;
  const scope = call.query.text("scope");
  if (scope === "swarm") {
    const network = await clusterNetwork(backend, ref(call));
    if (network) return json(200, shown(network, call.version));
  }
  const answer = await asked(call, dependencies);
  if (answer.status !== 404 || scope === "local") return answer;
  const network = await clusterNetwork(backend, ref(call));
  if (!network) return answer;
  return json(200, shown(await asSeenHere(call, dependencies, network), call.version));
};

const readCreate = (text: string): NetworkCreateRequest | undefined => {
  try {
    return decodeNetworkCreateRequest(text);
  } catch {
    // The engine refuses it in its own words.
    return undefined;
  }
};

/** A network that is only a configuration for others belongs to the engine, whatever its driver. */
const isOfCluster = ({ ConfigOnly, Driver, Scope, Ingress }: NetworkCreateRequest): boolean =>
  !ConfigOnly && (Driver === "overlay" || Scope === "swarm" || Ingress);

/** One name must not mean a network of the cluster here and the engine's own there. */
const refuseTaken = async ({ networks }: Backend, name: string): Promise<void> => {
  const named = await networks.list({ filters: { name: [name] } });
  if (named.some(({ Name }) => Name === name))
    throw new OperationError("conflict", `network with name ${name} already exists`);
};

const create = async (
  call: Call,
  { backend, engine }: NetworkDependencies,
): Promise<ApiResponse> => {
  const text = await call.request.body();
  const request = readCreate(text);
  if (!request || !isOfCluster(request)) {
    if (request) await refuseTaken(backend, request.Name);
    return await passToEngine(engine, call.request, text);
  }
  const { ID, Warning = "" } = await backend.networks.create({ request });
  const body: NetworkCreateResponse = { Id: ID, Warning };
  return json(201, body);
};

const remove = async (
  call: Call,
  { backend, engine }: NetworkDependencies,
): Promise<ApiResponse> => {
  const answer = await passToEngine(engine, call.request);
  if (answer.status !== 404 || !(await clusterNetwork(backend, ref(call)))) return answer;
  // Containers of this node that were removed a moment ago do not use it any more.
  await backend.attachments.settle({});
  await backend.networks.remove({ ref: ref(call) });
  return empty(204);
};

/** The engine prunes its own networks, not those that lie under the cluster's; the cluster its own. */
const prune = async (
  call: Call,
  { backend, engine }: NetworkDependencies,
): Promise<ApiResponse> => {
  const filters = Object.fromEntries(parseFilters(call.query.text("filters")));
  const spared = { ...filters, "label!": [...(filters["label!"] ?? []), ENGINE_NETWORK_LABEL] };
  const query = `filters=${encodeURIComponent(JSON.stringify(spared))}`;
  const answer = await passToEngine(engine, { ...call.request, query });
  if (answer.status !== 200) return answer;
  const text = await readAll(answer.body);
  await backend.attachments.settle({});
  const removed = await backend.networks.prune({ filters });
  if (removed.length === 0) return { ...answer, body: text };
  return json(200, { NetworksDeleted: [...removed, ...textsIn(parsed(text), "NetworksDeleted")] });
};

/** The part of /networks that the cluster shares with the engine. */
export const networkRoutes = (dependencies: NetworkDependencies): readonly Route[] => [
  { method: "GET", pattern: "/networks", handler: (call) => list(call, dependencies) },
  { method: "POST", pattern: "/networks/create", handler: (call) => create(call, dependencies) },
  { method: "POST", pattern: "/networks/prune", handler: (call) => prune(call, dependencies) },
  { method: "GET", pattern: "/networks/{id...}", handler: (call) => get(call, dependencies) },
  { method: "DELETE", pattern: "/networks/{id...}", handler: (call) => remove(call, dependencies) },
];
