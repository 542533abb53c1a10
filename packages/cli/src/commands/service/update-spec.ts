import type {
  EndpointSpec,
  Placement,
  PlacementPreference,
  PortConfig,
  ResourceRequirements,
  ServiceMode,
  ServiceSpec,
  TaskSpec,
} from "@skein/wire";
import { CommandError } from "../../command/errors.ts";
import type { Flags } from "../../command/flag.ts";
import { toMap } from "../../flags/csv.ts";
import { mergeRestartPolicy, mergeUpdateConfig } from "./defaults.ts";
import { changeGenericResources } from "./generic-resources.ts";
import { changeContainer, changeMap } from "./update-container.ts";
import { updateFlags } from "./update-flags.ts";

const { service, resources, restart, update, rollback, metadata, placement, network } = updateFlags;

const set = <T>(name: string, value: T | undefined): Record<string, T> =>
  value === undefined ? {} : { [name]: value };

const changeResources = (
  present: ResourceRequirements | undefined,
  flags: Flags,
): ResourceRequirements | undefined => {
  const { genericResourceAdd, genericResourceRm } = placement;
  if (!flags.changed(...Object.values(resources), genericResourceAdd, genericResourceRm))
    return present;
  const { GenericResources, ...reserved } = present?.Reservations ?? {};
  const generic = changeGenericResources(
    GenericResources ?? [],
    flags.all(genericResourceAdd),
    flags.all(genericResourceRm),
  );
  return {
    Limits: {
      ...present?.Limits,
      ...set("NanoCPUs", flags.get(resources.limitCpu)),
      ...set("MemoryBytes", flags.get(resources.limitMemory)),
      ...set("Pids", flags.get(resources.limitPids)),
    },
    Reservations: {
      ...reserved,
      ...set("NanoCPUs", flags.get(resources.reserveCpu)),
      ...set("MemoryBytes", flags.get(resources.reserveMemory)),
      ...(generic.length > 0 ? { GenericResources: generic } : {}),
    },
  };
};

const changePreferences = (
  present: readonly PlacementPreference[] = [],
  flags: Flags,
): readonly PlacementPreference[] => {
  const removed = flags.all(placement.preferenceRm).map(({ Spread }) => Spread.SpreadDescriptor);
  return [
    ...present.filter(({ Spread }) => !removed.includes(Spread.SpreadDescriptor)),
    ...flags.all(placement.preferenceAdd),
  ];
};

const changePlacement = (present: Placement | undefined, flags: Flags): Placement | undefined => {
  const { constraintAdd, constraintRm, preferenceAdd, preferenceRm } = placement;
  const known = [constraintAdd, constraintRm, preferenceAdd, preferenceRm, service.maxReplicas];
  if (!flags.changed(...known)) return present;
  const { Constraints, Preferences, ...rest } = present ?? {};
  const removed = flags.all(constraintRm);
  const constraints = flags.changed(constraintAdd, constraintRm)
    ? [...(Constraints ?? []), ...flags.all(constraintAdd)]
        .filter((constraint) => !removed.includes(constraint))
        .toSorted()
    : (Constraints ?? []);
  const preferences = changePreferences(Preferences, flags);
  return {
    ...rest,
    ...(constraints.length > 0 ? { Constraints: constraints } : {}),
    ...(preferences.length > 0 ? { Preferences: preferences } : {}),
    ...set("MaxReplicas", flags.get(service.maxReplicas)),
  };
};

const changeMode = (mode: ServiceMode, flags: Flags): ServiceMode => {
  const replicas = flags.get(service.replicas);
  if (replicas === undefined) return mode;
  if (!mode.Replicated) throw new CommandError("replicas can only be used with replicated mode");
  return { Replicated: { ...mode.Replicated, Replicas: replicas } };
};

const portKey = ({
  PublishedPort = 0,
  TargetPort = 0,
  Protocol,
  PublishMode,
}: PortConfig): string =>
  `${PublishedPort}:${TargetPort}/${Protocol ?? "tcp"}/${PublishMode ?? "ingress"}`;

const changePorts = (present: readonly PortConfig[], flags: Flags): readonly PortConfig[] => {
  const removed = flags.all(network.publishRm).flat();
  const goes = (port: PortConfig): boolean =>
    removed.some(
      (other) =>
        other.TargetPort === port.TargetPort &&
        (other.Protocol ?? "tcp") === (port.Protocol ?? "tcp") &&
        (other.PublishMode ?? "ingress") === (port.PublishMode ?? "ingress"),
    );
  const known = new Set(present.map(portKey));
  const kept = new Map(present.map((port) => [portKey(port), port]));
  const added = flags.all(network.publishAdd).flat();
  return [
    ...[...kept.values()].filter((port) => !goes(port)),
    ...added.filter((port) => !known.has(portKey(port))),
  ].toSorted((a, b) => (portKey(a) < portKey(b) ? -1 : 1));
};

const changeEndpoint = (
  present: EndpointSpec | undefined,
  flags: Flags,
): EndpointSpec | undefined => {
  const { publishAdd, publishRm } = network;
  if (!flags.changed(publishAdd, publishRm, service.endpointMode)) return present;
  const mode = flags.get(service.endpointMode);
  const { Ports = [], ...rest } = present ?? {};
  const ports = flags.changed(publishAdd, publishRm) ? changePorts(Ports, flags) : Ports;
  return {
    ...rest,
    ...(mode === undefined ? {} : { Mode: mode as NonNullable<EndpointSpec["Mode"]> }),
    ...(ports.length > 0 ? { Ports: ports } : {}),
  };
};

const changeTask = (task: TaskSpec, flags: Flags): TaskSpec => {
  const needs = changeResources(task.Resources, flags);
  const policy = mergeRestartPolicy(task.RestartPolicy, flags, restart);
  const where = changePlacement(task.Placement, flags);
  const logDriver = flags.get(service.logDriver) ?? "";
  return {
    ...task,
    ContainerSpec: changeContainer(task.ContainerSpec ?? {}, flags),
    ...(needs ? { Resources: needs } : {}),
    ...(policy ? { RestartPolicy: policy } : {}),
    ...(where ? { Placement: where } : {}),
    ...(logDriver === ""
      ? {}
      : { LogDriver: { Name: logDriver, Options: toMap(flags.all(service.logOpt)) } }),
    ForceUpdate: task.ForceUpdate + (flags.on(metadata.force) ? 1 : 0),
  };
};

/**
 * The spec of a service after `service update`, without networks, secrets and configs, which need
 * the daemon. Throws CommandError for changes that are not possible.
 */
export const changeSpec = (spec: ServiceSpec, flags: Flags): ServiceSpec => {
  const updates = mergeUpdateConfig(spec.UpdateConfig, flags, update);
  const rollbacks = mergeUpdateConfig(spec.RollbackConfig, flags, rollback);
  const endpoint = changeEndpoint(spec.EndpointSpec, flags);
  const labels = changeMap(spec.Labels, flags.all(metadata.labelAdd), flags.all(metadata.labelRm));
  return {
    ...spec,
    Labels: labels ?? {},
    TaskTemplate: changeTask(spec.TaskTemplate, flags),
    Mode: changeMode(spec.Mode, flags),
    ...(updates ? { UpdateConfig: updates } : {}),
    ...(rollbacks ? { RollbackConfig: rollbacks } : {}),
    ...(endpoint ? { EndpointSpec: endpoint } : {}),
  };
};
