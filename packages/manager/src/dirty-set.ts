import { deepEqual } from "@skein/base";
import type { Node, Service, Task } from "@skein/model";
import { isTerminal, specVersionId } from "@skein/model";
import type { Change, View } from "@skein/store";
import { historyLimit } from "./task-reaper/reap.ts";

/** What has to be looked at, by id. */
export class DirtySet {
  readonly services: Set<string> = new Set();
  readonly nodes: Set<string> = new Set();
  /** Spec versions that may have lost their last user. */
  readonly specs: Set<string> = new Set();

  /** Everything: after a start, or when the state went back. */
  markAll(view: View): void {
    for (const id of view.all("services").keys()) this.services.add(id);
    for (const task of view.all("tasks").values()) this.services.add(task.serviceId);
    for (const id of view.all("nodes").keys()) this.nodes.add(id);
    for (const id of view.all("specs").keys()) this.specs.add(id);
  }

  /** What these changes made dirty. */
  mark(view: View, changes: readonly Change[]): void {
    const nodes = this.nodes.size;
    for (const change of changes) this.#mark(view, change);
    if (this.nodes.size === nodes) return;
    for (const { id, spec } of view.all("services").values())
      if (spec.Mode.Global || spec.Mode.GlobalJob) this.services.add(id);
  }

  #mark(view: View, change: Change): void {
    switch (change.table) {
      case "services": {
        this.services.add(change.id);
        const { before } = change;
        if (before) this.specs.add(specVersionId(before.id, before.specVersion));
        break;
      }
      case "specs":
        this.specs.add(change.id);
        break;
      case "tasks":
        this.#markTask(view, change.before, change.after);
        break;
      case "nodes":
        if (!sameForTasks(change.before, change.after)) this.#markNode(view, change.id);
        break;
      case "clusters":
        if (historyLimit(change.before) !== historyLimit(change.after))
          for (const id of view.all("services").keys()) this.services.add(id);
        break;
      case "networks":
        // Every node is on the ingress network.
        if ((change.after ?? change.before)?.ingress)
          for (const id of view.all("nodes").keys()) this.nodes.add(id);
        break;
      case "secrets":
      case "configs":
      case "attachments":
        break;
    }
  }

  #markTask(view: View, before: Task | undefined, after: Task | undefined): void {
    const task = after ?? before;
    if (!task) return;
    if (!after) this.specs.add(specVersionId(task.serviceId, task.specVersion));
    if (before && after && isOnItsWay(before, after)) {
      const service = view.get("services", task.serviceId);
      if (!service || !(after.updated === true || awaitsRunning(service))) return;
    }
    this.services.add(task.serviceId);
  }

  #markNode(view: View, nodeId: string): void {
    this.nodes.add(nodeId);
    for (const task of view.tasksOfNode(nodeId).values()) this.services.add(task.serviceId);
  }
}

/** On the way from its node to running a task asks nothing of anyone. */
const isOnItsWay = (before: Task, after: Task): boolean =>
  before.desiredState === after.desiredState &&
  before.stopReason === after.stopReason &&
  after.stopReason !== "constraints" &&
  before.status.state !== "new" &&
  !isTerminal(after.status.state);

/**
 * Whether progress of every task matters to the service: for its update, and after one that did not
 * wait for all of them. A task that an update put beside an old one matters anyway.
 */
const awaitsRunning = ({ update }: Service): boolean =>
  update !== undefined &&
  (update.completedAt === undefined || Object.keys(update.failures).length > 0);

/** Whether nothing changed at the node that decides over tasks. */
const sameForTasks = (before: Node | undefined, after: Node | undefined): boolean =>
  before !== undefined &&
  after !== undefined &&
  before.role === after.role &&
  before.downSince === after.downSince &&
  before.status.state === after.status.state &&
  before.status.addr === after.status.addr &&
  deepEqual(before.spec, after.spec) &&
  deepEqual(before.description, after.description) &&
  deepEqual(before.encryption, after.encryption);
