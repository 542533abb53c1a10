import type { SpecVersion } from "@skein/model";
import { specVersionId } from "@skein/model";
import type { GenericDemand } from "./generic-resources.ts";
import { genericDemand } from "./generic-resources.ts";

/** What every task of one spec version asks of its node, read from the spec once. */
export interface Demand {
  /** The id of the {@link SpecVersion}: the group in which its tasks are placed. */
  readonly key: string;
  readonly serviceId: string;
  readonly spec: SpecVersion;
  readonly nanoCpus: number;
  readonly memoryBytes: number;
  readonly generic: readonly GenericDemand[];
  /** Ports published in host mode, as `tcp/8080`. Port 0 is left to the engine and never clashes. */
  readonly hostPorts: readonly string[];
  /** Most tasks of the service on one node; 0 is no limit. */
  readonly maxReplicas: number;
  /** Label keys to spread over, e.g. `node.labels.zone`, outermost first. */
  readonly spread: readonly string[];
}

const hostPortsOf = (spec: SpecVersion): readonly string[] => {
  const ports = (spec.endpoint?.Ports ?? []).flatMap(({ Protocol, PublishedPort, PublishMode }) =>
    PublishMode === "host" && PublishedPort ? [`${Protocol ?? "tcp"}/${PublishedPort}`] : [],
  );
  return [...new Set(ports)];
};

/** Reads the {@link Demand} of a spec version. */
export const demandOf = (spec: SpecVersion): Demand => {
  const { Resources, Placement } = spec.task;
  const reserved = Resources?.Reservations;
  return {
    key: specVersionId(spec.serviceId, spec.specVersion),
    serviceId: spec.serviceId,
    spec,
    nanoCpus: reserved?.NanoCPUs ?? 0,
    memoryBytes: reserved?.MemoryBytes ?? 0,
    generic: genericDemand(reserved?.GenericResources ?? []),
    hostPorts: hostPortsOf(spec),
    maxReplicas: Placement?.MaxReplicas ?? 0,
    spread: (Placement?.Preferences ?? []).map(({ Spread }) => Spread.SpreadDescriptor),
  };
};
