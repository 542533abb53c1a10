import { OperationError } from "@skein/base";
import { isBefore } from "../api-version.ts";
import type { AskedPlace, GivenPlace, NamedNetwork } from "../backend.ts";
import type { JsonObject } from "./json.ts";
import { objectIn, textIn, textsIn } from "./json.ts";

/** Words of `--network` that name no network which could be the cluster's. */
const isMode = (name: string): boolean =>
  ["", "default", "bridge", "host", "none", "nat", "private", "slirp4netns", "pasta"].includes(
    name,
  ) || name.includes(":");

const endpointsOf = (body: unknown): JsonObject =>
  objectIn(objectIn(body, "NetworkingConfig"), "EndpointsConfig");

/** The networks that a request to create a container names, its mode first. */
export const namedNetworks = (body: unknown): readonly string[] => {
  const mode = textIn(objectIn(body, "HostConfig"), "NetworkMode");
  const names = new Set([mode, ...Object.keys(endpointsOf(body))]);
  return [...names].filter((name) => !isMode(name));
};

const refuseMac = (): OperationError =>
  new OperationError(
    "invalid-parameter",
    "a hardware address can't be chosen on a network of the cluster: it follows from the IP address; leave out --mac-address",
  );

/** What an endpoint's settings ask for on a network. Refuses a hardware address. */
export const askedPlace = (networkId: string, settings: unknown): AskedPlace => {
  const { IPv4Address = "", IPv6Address = "" } = objectIn(settings, "IPAMConfig");
  if (textIn(settings, "MacAddress") !== "") throw refuseMac();
  return {
    networkId,
    addresses: [IPv4Address, IPv6Address].filter(
      (address): address is string => typeof address === "string" && address !== "",
    ),
    aliases: textsIn(settings, "Aliases"),
  };
};

/** A host name that was given to a container is one of its names, as in Docker. */
export const withHostname = (place: AskedPlace, hostname: string): AskedPlace =>
  hostname === "" ? place : { ...place, aliases: [...new Set([...place.aliases, hostname])] };

/** The places that the request asks for on these networks of the cluster, by their names in it. */
export const askedPlaces = (
  body: unknown,
  networks: ReadonlyMap<string, NamedNetwork>,
): readonly AskedPlace[] => {
  if (textIn(body, "MacAddress") !== "") throw refuseMac();
  const endpoints = endpointsOf(body);
  const asked = new Map<string, AskedPlace>();
  for (const [name, { id }] of networks)
    if (!asked.has(id) || name in endpoints) asked.set(id, askedPlace(id, endpoints[name]));
  const hostname = textIn(body, "Hostname");
  return [...asked.values()].map((place) => withHostname(place, hostname));
};

const merged = (settings: unknown, place: GivenPlace): JsonObject => {
  const { Links, GwPriority } = (settings ?? {}) as JsonObject;
  return {
    ...(Links === undefined ? {} : { Links }),
    ...(GwPriority === undefined ? {} : { GwPriority }),
    ...place.endpoint,
  };
};

/**
 * The request as the engine must see it: its own networks below the cluster's, with the addresses that
 * were given. The cluster's names are asked for first, then those that the user named, or the
 * host's: while no daemon runs, others are still found.
 */
export const forEngine = (
  body: JsonObject,
  places: ReadonlyMap<string, GivenPlace>,
  { hostServers, version }: { readonly hostServers: readonly string[]; readonly version: string },
): JsonObject => {
  const host = objectIn(body, "HostConfig");
  const mode = textIn(host, "NetworkMode");
  const first = places.get(mode);
  const endpoints: Record<string, unknown> = {};
  for (const [name, settings] of Object.entries(endpointsOf(body))) {
    const place = places.get(name);
    if (place) endpoints[place.network] = merged(settings, place);
    else endpoints[name] = settings;
  }
  for (const place of places.values()) endpoints[place.network] ??= place.endpoint;
  const [gateways = []] = [...places.values()].map((place) => place.gateways);
  const asked = textsIn(host, "Dns");
  return {
    ...body,
    // Later versions read it in the endpoint.
    ...(first?.mac !== undefined && isBefore(version, "1.44") ? { MacAddress: first.mac } : {}),
    HostConfig: {
      ...host,
      NetworkMode: first?.network ?? mode,
      Dns: [...(first?.gateways ?? gateways), ...(asked.length > 0 ? asked : hostServers)],
    },
    NetworkingConfig: {
      ...objectIn(body, "NetworkingConfig"),
      EndpointsConfig: endpoints,
    },
  };
};
