import { rpcError } from "@skein/base";
import type { ContainerSpec, HealthConfig, Mount } from "@skein/wire";
import { isImageReference } from "./image-reference.ts";

const MIN_HEALTH_NS = 1_000_000;

const refuse = (text: string): never => {
  throw rpcError("invalid-parameter", `ContainerSpec: ${text}`);
};

const validateImage = (image: string): void => {
  if (image === "") refuse("image reference must be provided");
  if (!isImageReference(image)) refuse(`${JSON.stringify(image)} is not a valid repository/tag`);
};

const validateMounts = (mounts: readonly Mount[]): void => {
  const targets = new Set<string>();
  for (const { Target = "" } of mounts) {
    if (targets.has(Target)) refuse(`duplicate mount point: ${Target}`);
    targets.add(Target);
  }
};

const validateHealthcheck = (health: HealthConfig): void => {
  for (const key of ["Interval", "Timeout", "StartPeriod", "StartInterval"] as const) {
    const value = health[key] ?? 0;
    if (value !== 0 && value < MIN_HEALTH_NS)
      refuse(`${key} in HealthConfig cannot be less than 1ms`);
  }
  if ((health.Retries ?? 0) < 0) refuse("Retries in HealthConfig cannot be negative");
};

/** A container whose templates have been expanded. Throws invalid-parameter. */
export const validateContainer = (container: ContainerSpec): void => {
  validateImage(container.Image ?? "");
  validateMounts(container.Mounts ?? []);
  if (container.Healthcheck) validateHealthcheck(container.Healthcheck);
};
