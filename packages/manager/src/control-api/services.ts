import type { Random } from "@skein/base";
import { OperationError, rpcError } from "@skein/base";
import type { Service } from "@skein/model";
import { convertServiceSpec, validateServiceSpec } from "@skein/model";
import type { Transaction } from "@skein/store";
import type { ServiceMode, ServiceSpec } from "@skein/wire";
import { createService as recordService, swapSpecs, writeSpec } from "../service-spec.ts";
import { randomName } from "./random-name.ts";
import {
  checkIngress,
  checkPorts,
  checkReferences,
  refuseUnsupported,
  resolveNetworks,
} from "./service-checks.ts";
import { checkVersion, found } from "./versions.ts";

const modeOf = (mode: ServiceMode): string => Object.keys(mode).toSorted().join();

const checked = (tx: Transaction, id: string, asked: ServiceSpec): ServiceSpec => {
  const spec = convertServiceSpec(resolveNetworks(tx, asked));
  validateServiceSpec(spec);
  refuseUnsupported(spec);
  checkIngress(tx, spec);
  checkPorts(tx, id, spec);
  checkReferences(tx, spec);
  return spec;
};

export interface ServiceCreation {
  readonly id: string;
  readonly spec: ServiceSpec;
  /** X-Registry-Auth as it came; empty when there was none. */
  readonly registryAuth: string;
}

/**
 * Adds a service; its tasks come with the same batch. A service without a name gets one. Throws with
 * Docker's texts when the spec is wrong (invalid-parameter) or the name is taken (conflict).
 */
export const createService = (tx: Transaction, random: Random, input: ServiceCreation): Service => {
  const name = input.spec.Name || randomName(random);
  const spec = checked(tx, input.id, { ...input.spec, Name: name });
  if (tx.byName("services", name).length > 0)
    throw rpcError(
      "conflict",
      `name conflicts with an existing object: service ${name} already exists`,
    );
  return recordService(tx, {
    id: input.id,
    spec,
    ...(input.registryAuth === "" ? {} : { registryAuth: input.registryAuth }),
  });
};

export interface ServiceUpdate {
  readonly id: string;
  readonly version: number;
  readonly spec: ServiceSpec;
  readonly registryAuth: string;
  /** `spec` (also when empty) or `previous-spec`: where credentials come from if none were sent. */
  readonly registryAuthFrom: string;
  /** Empty, `none` or `previous`. */
  readonly rollback: string;
}

const registryAuthOf = (service: Service, input: ServiceUpdate): string | undefined => {
  if (input.registryAuth !== "") return input.registryAuth;
  switch (input.registryAuthFrom) {
    case "":
    case "spec":
      return service.registryAuth;
    case "previous-spec":
      if (!service.previousSpec)
        throw new OperationError("unknown", "service does not have a previous spec");
      return service.previousRegistryAuth;
    default:
      throw new OperationError("unknown", "unsupported registryAuthFrom value");
  }
};

/**
 * Replaces a service's spec, or goes back to the one before. Throws with Docker's texts: renaming and
 * a change of mode (not-implemented), a version that is not the newest (unknown: clients match the
 * text), a rollback without a previous spec (failed-precondition).
 */
export const updateService = (tx: Transaction, input: ServiceUpdate): Service => {
  const service = found(tx.get("services", input.id), "service", input.id);
  const rollback = input.rollback === "previous";
  if (!rollback && input.rollback !== "" && input.rollback !== "none")
    throw new OperationError("unknown", `unrecognized rollback option ${input.rollback}`);
  const registryAuth = registryAuthOf(service, input);
  const spec = checked(tx, service.id, input.spec);
  if (spec.Name !== service.spec.Name)
    throw rpcError("not-implemented", "renaming services is not supported");
  if (modeOf(spec.Mode) !== modeOf(service.spec.Mode))
    throw rpcError("not-implemented", "service mode change is not allowed");
  checkVersion(service, input.version);
  if (rollback && !service.previousSpec)
    throw rpcError("failed-precondition", `service ${service.id} does not have a previous spec`);
  return rollback ? swapSpecs(tx, service) : writeSpec(tx, service, spec, registryAuth);
};

/** Removes the service; its tasks are asked to stop, and go when they have. */
export const removeService = (tx: Transaction, id: string): void => {
  found(tx.get("services", id), "service", id);
  tx.delete("services", id);
};
