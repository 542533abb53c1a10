import type { Network, Service, SpecVersion } from "@skein/model";
import type { View } from "@skein/store";
import type { EndpointSpec, NetworkAttachmentConfig, PortConfig, TaskSpec } from "@skein/wire";

/** A network that a service's tasks are on, with the names that it asked for there. */
export interface NeededNetwork {
  readonly network: Network;
  readonly aliases: readonly string[];
}

/** Ports are published through the mesh unless they say `host`. */
export const isIngress = (port: PortConfig): boolean => port.PublishMode !== "host";

/** The ingress network, if the cluster has one. */
export const ingressNetwork = (view: View): Network | undefined =>
  [...view.all("networks").values()].find(({ ingress }) => ingress);

/** Whether addresses are taken from it: predefined networks belong to each engine. */
export const isOverlay = (network: Network): boolean => network.subnets.length > 0;

const needed = (
  view: View,
  attachments: readonly NetworkAttachmentConfig[],
  endpoint: EndpointSpec | undefined,
): readonly NeededNetwork[] => {
  const found = attachments.flatMap(({ Target, Aliases }) => {
    const network = view.get("networks", Target ?? "");
    return network && isOverlay(network) ? [{ network, aliases: Aliases ?? [] }] : [];
  });
  const ingress = (endpoint?.Ports ?? []).some(isIngress) ? ingressNetwork(view) : undefined;
  const once = new Map(found.map((one) => [one.network.id, one]));
  if (ingress) once.set(ingress.id, { network: ingress, aliases: [] });
  return [...once.values()];
};

const attachmentsOf = (task: TaskSpec): readonly NetworkAttachmentConfig[] => task.Networks ?? [];

/** The overlay networks of a service's tasks, the ingress network included if it publishes there. */
export const networksOfSpec = (view: View, version: SpecVersion): readonly NeededNetwork[] =>
  needed(view, attachmentsOf(version.task), version.endpoint);

/** The overlay networks of a service as its spec is now. */
export const networksOfService = (view: View, { spec }: Service): readonly NeededNetwork[] => {
  const attachments = attachmentsOf(spec.TaskTemplate);
  const older = spec.Networks ?? [];
  return needed(view, attachments.length > 0 ? attachments : older, spec.EndpointSpec);
};
