import { deepEqual } from "@skein/base";
import type { Service, SpecVersion, Task } from "@skein/model";
import { specVersionId } from "@skein/model";
import type { View } from "@skein/store";
import type { TaskSpec } from "@skein/wire";
import { sameEndpoint } from "../service-spec.ts";
import { constraintsOf, meetsAll } from "./node-fitness.ts";

/** What an older spec version has different from the service's present one. */
type Difference = "nothing" | "placement" | "content";

const withoutPlacement = (task: TaskSpec): unknown => ({ ...task, Placement: undefined });

const difference = (version: SpecVersion | undefined, service: Service): Difference => {
  if (!version) return "content";
  const { TaskTemplate, EndpointSpec } = service.spec;
  if (!sameEndpoint(version.endpoint, EndpointSpec)) return "content";
  if (deepEqual(version.task, TaskTemplate)) return "nothing";
  return deepEqual(withoutPlacement(version.task), withoutPlacement(TaskTemplate))
    ? "placement"
    : "content";
};

/**
 * Tells which tasks must be replaced because the service's spec is another one now (behaviour.md,
 * 9.2). A task of an older version stays when the content is the same (after a rollback), or when
 * only the placement differs and its node satisfies the new constraints. Credentials do not count.
 * Each version is compared once.
 */
export const dirtyTest = (view: View, service: Service): ((task: Task) => boolean) => {
  const known = new Map<number, Difference>();
  const constraints = constraintsOf(service);
  const differenceOf = (specVersion: number): Difference => {
    const found = known.get(specVersion);
    if (found) return found;
    const version = view.get("specs", specVersionId(service.id, specVersion));
    const result = difference(version, service);
    known.set(specVersion, result);
    return result;
  };
  return (task) => {
    if (task.specVersion === service.specVersion) return false;
    const found = differenceOf(task.specVersion);
    if (found !== "placement") return found === "content";
    const node = task.nodeId === undefined ? undefined : view.get("nodes", task.nodeId);
    return !node || !meetsAll(constraints, node);
  };
};
