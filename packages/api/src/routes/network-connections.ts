import type { AttachDependencies } from "../attach/cluster-networks.ts";
import { clusterNetworkNamed } from "../attach/cluster-networks.ts";
import { askedPlace, withHostname } from "../attach/create-request.ts";
import { isObject, objectIn, parsed, textIn } from "../attach/json.ts";
import type { NamedNetwork } from "../backend.ts";
import { passToEngine } from "../engine-pass.ts";
import type { ApiRequest, ApiResponse } from "../http.ts";
import { readAll } from "../http.ts";
import type { Call, Route } from "../router.ts";
import { inspected, shownErrors } from "./containers.ts";

/** The request with another network in its path. */
const onNetwork = (call: Call, network: string): ApiRequest => {
  const path = call.request.path.replace(
    /\/networks\/.*\/(connect|disconnect)$/,
    `/networks/${network}/$1`,
  );
  return { ...call.request, path };
};

/** The host name that a container was given; the engine's own choice is the start of its id. */
const givenHostname = (container: unknown): string => {
  const hostname = textIn(objectIn(container, "Config"), "Hostname");
  return textIn(container, "Id").startsWith(hostname) ? "" : hostname;
};

const connect = async (call: Call, dependencies: AttachDependencies): Promise<ApiResponse> => {
  const { backend, engine } = dependencies;
  const { attachments } = backend;
  const text = await call.request.body();
  const body = parsed(text);
  const network = isObject(body)
    ? await clusterNetworkNamed(call, dependencies, call.params["id"] ?? "")
    : undefined;
  if (!network) return passToEngine(engine, call.request, text);
  const container = await inspected(call, dependencies, textIn(body, "Container"));
  // The engine says in its own words that there is no such container.
  if (container === undefined) return passToEngine(engine, onNetwork(call, "bridge"), text);
  const settings = objectIn(body, "EndpointConfig");
  const held = await attachments.hold({
    id: textIn(container, "Id"),
    name: textIn(container, "Name").replace(/^\//, ""),
    places: [withHostname(askedPlace(network.id, settings), givenHostname(container))],
  });
  try {
    const [place] = held.places;
    const request = JSON.stringify({ Container: held.id, EndpointConfig: place?.endpoint });
    const answer = await passToEngine(engine, onNetwork(call, place?.network ?? ""), request);
    return await shownErrors({ ...answer, body: await readAll(answer.body) }, dependencies);
  } finally {
    await attachments.settle({ id: held.id });
  }
};

const below = ({ backend }: AttachDependencies, { id }: NamedNetwork): string | undefined =>
  [...backend.attachments.local()].find(([, network]) => network.id === id)?.[0];

const disconnect = async (call: Call, dependencies: AttachDependencies): Promise<ApiResponse> => {
  const { backend, engine } = dependencies;
  const text = await call.request.body();
  const network = await clusterNetworkNamed(call, dependencies, call.params["id"] ?? "");
  const hidden = network && (below(dependencies, network) ?? `skein-1-${network.id}`);
  if (hidden === undefined) return passToEngine(engine, call.request, text);
  const answer = await passToEngine(engine, onNetwork(call, hidden), text);
  const complete = { ...answer, body: await readAll(answer.body) };
  await backend.attachments.settle({});
  return shownErrors(complete, dependencies);
};

/** Putting containers on networks of the cluster, and taking them off. */
export const connectionRoutes = (dependencies: AttachDependencies): readonly Route[] => [
  {
    method: "POST",
    pattern: "/networks/{id...}/connect",
    handler: (call) => connect(call, dependencies),
  },
  {
    method: "POST",
    pattern: "/networks/{id...}/disconnect",
    handler: (call) => disconnect(call, dependencies),
  },
];
