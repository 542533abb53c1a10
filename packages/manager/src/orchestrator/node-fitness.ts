import type { Constraint, Node, Service, Task } from "@skein/model";
import { matchesConstraint, parseConstraint } from "@skein/model";
import type { View } from "@skein/store";

/** The node can't report or run anything: it is down, or no longer part of the cluster. */
export const isGone = (node: Node | undefined): boolean =>
  node === undefined || node.status.state === "down";

/** Nothing of a service may stay on the node. Paused and unknown nodes keep what they have. */
export const mustLeave = (node: Node | undefined): boolean =>
  isGone(node) || node?.spec.Availability === "drain";

/** Whether the task was given to a node that it must leave. */
export const isLost = (view: View, task: Task): boolean =>
  task.nodeId !== undefined &&
  (task.status.state === "orphaned" || mustLeave(view.get("nodes", task.nodeId)));

/** The placement constraints in force for a service's tasks. */
export const constraintsOf = (service: Service): readonly Constraint[] =>
  (service.spec.TaskTemplate.Placement?.Constraints ?? []).map(parseConstraint);

/** Whether the node satisfies all of them. */
export const meetsAll = (constraints: readonly Constraint[], node: Node): boolean =>
  constraints.every((constraint) => matchesConstraint(constraint, node));
