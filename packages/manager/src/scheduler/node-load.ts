import { deepEqual } from "@skein/base";
import type { Node, Task } from "@skein/model";
import { compareStates, isDesiredAlive, isTerminal } from "@skein/model";
import type { GenericResource } from "@skein/wire";
import { addTo } from "./counter.ts";
import type { Demand } from "./demand.ts";
import { GenericStock } from "./generic-resources.ts";
import { hashId } from "./hash.ts";

/** Whether the task occupies its node: reservations and ports are held until it was seen to end. */
export const occupiesNode = (task: Task | undefined): task is Task & { nodeId: string } =>
  task?.nodeId !== undefined &&
  compareStates(task.status.state, "assigned") >= 0 &&
  !isTerminal(task.status.state);

/** What of a node the scheduler looks at: true when the two differ in it. */
export const differsForScheduling = (a: Node, b: Node): boolean =>
  a.role !== b.role ||
  !deepEqual(
    [a.spec, a.status, a.description, a.encryption],
    [b.spec, b.status, b.description, b.encryption],
  );

const noResources: readonly GenericResource[] = [];

/** What one node has and what its tasks hold. `node` is undefined once it was removed. */
export class NodeLoad {
  readonly id: string;
  readonly hash: number;
  /** Its place in {@link NodeRanks}; -1 when it has none. */
  rank = -1;
  node: Node | undefined;
  /** Tasks that are wanted and occupy the node. */
  active = 0;
  /** Reserved by everything that occupies the node. */
  nanoCpus = 0;
  memoryBytes = 0;
  /** Every task that occupies the node, wanted or not. */
  tasks = 0;
  readonly hostPorts: Map<string, number> = new Map();
  readonly generic: GenericStock = new GenericStock();
  readonly #activeByService = new Map<string, number>();

  constructor(id: string) {
    this.id = id;
    this.hash = hashId(id);
  }

  /** Takes over what the store says of the node. */
  describe(node: Node | undefined): void {
    const before = this.node?.description?.Resources.GenericResources ?? noResources;
    const after = node?.description?.Resources.GenericResources ?? noResources;
    this.node = node;
    this.rank = node ? this.rank : -1;
    if (before !== after) this.generic.offer(after);
  }

  /** Tasks of the service that are wanted and occupy the node. */
  activeOf(serviceId: string): number {
    return this.#activeByService.get(serviceId) ?? 0;
  }

  /** Per service, for tests and explanations. */
  get activeByService(): ReadonlyMap<string, number> {
    return this.#activeByService;
  }

  /** Counts a task that occupies the node: `by` is 1 when it comes and -1 when it goes. */
  count(task: Task, demand: Demand | undefined, by: 1 | -1): void {
    this.tasks += by;
    if (isDesiredAlive(task.desiredState)) {
      this.active += by;
      addTo(this.#activeByService, task.serviceId, by);
    }
    if (task.genericResources) this.generic.count(task.genericResources, by);
    if (!demand) return;
    this.nanoCpus += by * demand.nanoCpus;
    this.memoryBytes += by * demand.memoryBytes;
    for (const port of demand.hostPorts) addTo(this.hostPorts, port, by);
  }

  /** Whether this may be forgotten: the node is gone and nothing is left on it. */
  get empty(): boolean {
    return this.node === undefined && this.tasks === 0;
  }
}
