import { OperationError } from "@skein/base";
import type { ServiceSpec } from "./types/service.ts";
import type { SwarmInitRequest } from "./types/swarm.ts";

/** Negative when API version `a` (like `1.41`) is older than `b`, 0 when equal. */
export const compareApiVersions = (a: string, b: string): number => {
  const left = a.split(".").map(Number);
  const right = b.split(".").map(Number);
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
};

/** A field that clients older than `since` do not know: what they send there is dropped. */
interface GatedField {
  readonly since: string;
  /** Names from the top of the value; `[]` stands for each entry of a list. */
  readonly path: string;
  /** What a required field becomes instead of going away. */
  readonly reset?: unknown;
}

const CONTAINER = "TaskTemplate.ContainerSpec";

/** Source: reference/api.md section 3, reference/behaviour.md section 23. */
const serviceFields: readonly GatedField[] = [
  { since: "1.40", path: `${CONTAINER}.Sysctls` },
  { since: "1.40", path: `${CONTAINER}.Configs.[].Runtime` },
  { since: "1.40", path: `${CONTAINER}.Privileges.CredentialSpec.Config`, reset: "" },
  { since: "1.40", path: "TaskTemplate.Placement.MaxReplicas" },
  { since: "1.41", path: "Mode.ReplicatedJob" },
  { since: "1.41", path: "Mode.GlobalJob" },
  { since: "1.41", path: `${CONTAINER}.CapabilityAdd` },
  { since: "1.41", path: `${CONTAINER}.CapabilityDrop` },
  { since: "1.41", path: `${CONTAINER}.Ulimits` },
  { since: "1.41", path: `${CONTAINER}.Mounts.[].BindOptions.NonRecursive` },
  { since: "1.41", path: "TaskTemplate.Resources.Limits.Pids" },
  { since: "1.42", path: `${CONTAINER}.Mounts.[].BindOptions.CreateMountpoint` },
  { since: "1.44", path: `${CONTAINER}.Healthcheck.StartInterval` },
  { since: "1.44", path: `${CONTAINER}.Privileges.Seccomp` },
  { since: "1.44", path: `${CONTAINER}.Privileges.AppArmor` },
  { since: "1.44", path: `${CONTAINER}.Privileges.NoNewPrivileges`, reset: false },
  { since: "1.44", path: `${CONTAINER}.Mounts.[].BindOptions.ReadOnlyNonRecursive` },
  { since: "1.44", path: `${CONTAINER}.Mounts.[].BindOptions.ReadOnlyForceRecursive` },
  { since: "1.45", path: `${CONTAINER}.Mounts.[].VolumeOptions.Subpath` },
  { since: "1.46", path: `${CONTAINER}.Mounts.[].TmpfsOptions.Options` },
  { since: "1.46", path: `${CONTAINER}.OomScoreAdj` },
];

const initFields: readonly GatedField[] = [
  { since: "1.39", path: "DefaultAddrPool", reset: [] },
  { since: "1.39", path: "SubnetSize", reset: 0 },
  { since: "1.40", path: "DataPathPort", reset: 0 },
];

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A copy of `value` without the field at `path`; the same value when there is none. */
const without = (value: unknown, path: readonly string[], reset: unknown): unknown => {
  const [head, ...rest] = path;
  if (head === undefined) return reset;
  if (head === "[]")
    return Array.isArray(value) ? value.map((item) => without(item, rest, reset)) : value;
  if (!isRecord(value) || value[head] === undefined) return value;
  const inner = without(value[head], rest, reset);
  if (inner !== undefined) return { ...value, [head]: inner };
  const { [head]: _dropped, ...others } = value;
  return others;
};

const gate = <T>(value: T, apiVersion: string, fields: readonly GatedField[]): T => {
  let gated: unknown = value;
  for (const field of fields)
    if (compareApiVersions(apiVersion, field.since) < 0)
      gated = without(gated, field.path.split("."), field.reset);
  // Only optional fields go away; the others are reset to a value of their type.
  return gated as T;
};

/** A service spec as a client of this API version can have meant it: later fields are dropped. */
export const gateServiceSpec = (spec: ServiceSpec, apiVersion: string): ServiceSpec =>
  gate(spec, apiVersion, serviceFields);

/** A swarm init request as a client of this API version can have meant it. */
export const gateSwarmInitRequest = (
  request: SwarmInitRequest,
  apiVersion: string,
): SwarmInitRequest => gate(request, apiVersion, initFields);

/**
 * Templating of secrets and configs came with 1.37 and is refused before.
 * @throws OperationError `invalid-parameter`.
 */
export const checkTemplating = (
  object: "secret" | "config",
  spec: { readonly Templating?: unknown },
  apiVersion: string,
): void => {
  if (spec.Templating === undefined || compareApiVersions(apiVersion, "1.37") >= 0) return;
  throw new OperationError(
    "invalid-parameter",
    `${object} templating is not supported on the specified API version: ${apiVersion}`,
  );
};
