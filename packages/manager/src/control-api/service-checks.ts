import { OperationError, rpcError } from "@skein/base";
import type { View } from "@skein/store";
import type { PortConfig, ServiceSpec } from "@skein/wire";
import { ingressNetwork } from "../networks/needs.ts";

const unsupported = (what: string): OperationError =>
  new OperationError("not-implemented", `${what} is not supported by this version of Skein`);

const networkTargets = (spec: ServiceSpec): readonly string[] =>
  [...(spec.TaskTemplate.Networks ?? []), ...(spec.Networks ?? [])].map(
    ({ Target }) => Target ?? "",
  );

/**
 * Replaces the names of networks by their ids. Refuses unknown ones (not-found) and the ingress
 * network, which ports lead to and nobody joins.
 */
export const resolveNetworks = (view: View, spec: ServiceSpec): ServiceSpec => {
  for (const target of networkTargets(spec)) {
    const [network] = [view.get("networks", target) ?? view.byName("networks", target)].flat();
    if (!network) throw new OperationError("not-found", `network ${target} not found`);
    if (network.ingress)
      throw rpcError(
        "invalid-parameter",
        `Service cannot be explicitly attached to the ingress network "${network.name}"`,
      );
  }
  const { Networks } = spec.TaskTemplate;
  if (!Networks) return spec;
  const resolved = Networks.map((attachment) => {
    const [network] = view.byName("networks", attachment.Target ?? "");
    return network ? { ...attachment, Target: network.id } : attachment;
  });
  return { ...spec, TaskTemplate: { ...spec.TaskTemplate, Networks: resolved } };
};

const isHostMode = (port: PortConfig): boolean => port.PublishMode === "host";

/** Refuses what nothing here can run, so that nothing is accepted and then ignored. */
export const refuseUnsupported = (spec: ServiceSpec): void => {
  const { Runtime } = spec.TaskTemplate;
  if (Runtime !== undefined && Runtime !== "container")
    throw unsupported(`the runtime "${Runtime}"`);
};

/** Refuses a port through the mesh in a cluster whose ingress network was removed. */
export const checkIngress = (view: View, spec: ServiceSpec): void => {
  const ports = spec.EndpointSpec?.Ports ?? [];
  if (ports.some((port) => !isHostMode(port)) && !ingressNetwork(view))
    throw rpcError(
      "failed-precondition",
      "service needs ingress network, but no ingress network is present",
    );
};

const clashText = (port: number, name: string, id: string, host: boolean): string =>
  `port '${port}' is already in use by service '${name}' (${id}) as ` +
  (host ? "a host-published port" : "an ingress port");

/**
 * Refuses a published port that another service holds: an ingress port clashes with every other
 * use of the same number and protocol, two host-mode ports do not clash (the scheduler keeps them
 * on different nodes).
 */
export const checkPorts = (view: View, id: string, spec: ServiceSpec): void => {
  const wanted = (spec.EndpointSpec?.Ports ?? []).filter(({ PublishedPort }) => PublishedPort);
  if (wanted.length === 0) return;
  for (const other of view.all("services").values()) {
    if (other.id === id) continue;
    const held = other.endpoint?.Ports ?? other.spec.EndpointSpec?.Ports ?? [];
    for (const port of held)
      for (const mine of wanted) {
        const same =
          mine.PublishedPort === port.PublishedPort &&
          (mine.Protocol ?? "tcp") === (port.Protocol ?? "tcp");
        if (!same || (isHostMode(mine) && isHostMode(port))) continue;
        const number = mine.PublishedPort ?? 0;
        throw rpcError(
          "invalid-parameter",
          clashText(number, other.spec.Name ?? "", other.id, isHostMode(port)),
        );
      }
  }
};

const missing = (word: string, names: readonly string[]): void => {
  if (names.length === 0) return;
  const plural = names.length === 1 ? "" : "s";
  throw rpcError("invalid-parameter", `${word}${plural} not found: ${names.join(", ")}`);
};

/** Refuses references to secrets and configs that do not exist: id and name must both match. */
export const checkReferences = (view: View, spec: ServiceSpec): void => {
  const container = spec.TaskTemplate.ContainerSpec;
  const lost = (table: "secrets" | "configs", id: string, name: string): boolean =>
    view.get(table, id)?.spec.Name !== name;
  missing(
    "secret",
    (container?.Secrets ?? [])
      .filter(({ SecretID, SecretName }) => lost("secrets", SecretID, SecretName))
      .map(({ SecretName }) => SecretName),
  );
  missing(
    "config",
    (container?.Configs ?? [])
      .filter(({ ConfigID, ConfigName }) => lost("configs", ConfigID, ConfigName))
      .map(({ ConfigName }) => ConfigName),
  );
};
