import { ENDPOINT_ALIASES_OPTION, ENDPOINT_OPTION_PREFIX } from "@skein/wire";
import type { NamedNetwork } from "../backend.ts";
import type { JsonObject } from "./json.ts";
import { isObject, objectIn, textIn, textsIn } from "./json.ts";

type Networks = ReadonlyMap<string, NamedNetwork>;

/** Docker's short form of a container's id is one of its names. */
const SHORT_ID = 12;

const shownOptions = (options: JsonObject): JsonObject | null => {
  const kept = Object.entries(options).filter(([key]) => !key.startsWith(ENDPOINT_OPTION_PREFIX));
  return kept.length > 0 ? Object.fromEntries(kept) : null;
};

const shownEndpoint = (
  settings: unknown,
  { id }: NamedNetwork,
  containerId: string,
): JsonObject => {
  if (!isObject(settings)) return {};
  const options = objectIn(settings, "DriverOpts");
  const noted = textIn(options, ENDPOINT_ALIASES_OPTION)
    .split(",")
    .filter((alias) => alias !== "");
  const engineAliases = textsIn(settings, "Aliases");
  const aliases = [
    ...noted,
    ...(engineAliases.length > 0 ? engineAliases : [containerId.slice(0, SHORT_ID)]),
  ];
  return {
    ...settings,
    ...("Aliases" in settings ? { Aliases: [...new Set(aliases)] } : {}),
    ...("DriverOpts" in settings ? { DriverOpts: shownOptions(options) } : {}),
    NetworkID: id,
  };
};

/**
 * A container of GET /containers/{id}/json or /containers/json with the cluster's networks in place of
 * the engine's that lie below them.
 */
export const shownContainer = (container: unknown, networks: Networks): unknown => {
  if (!isObject(container)) return container;
  const id = textIn(container, "Id");
  const settings = objectIn(container, "NetworkSettings");
  const endpoints = Object.entries(objectIn(settings, "Networks")).map(([name, endpoint]) => {
    const network = networks.get(name);
    return network ? [network.name, shownEndpoint(endpoint, network, id)] : [name, endpoint];
  });
  const host = objectIn(container, "HostConfig");
  const mode = textIn(host, "NetworkMode");
  return {
    ...container,
    ...(networks.has(mode)
      ? { HostConfig: { ...host, NetworkMode: networks.get(mode)?.name } }
      : {}),
    NetworkSettings: { ...settings, Networks: Object.fromEntries(endpoints) },
  };
};
