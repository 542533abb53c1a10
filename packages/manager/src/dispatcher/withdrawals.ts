import type { Task } from "@skein/model";
import { isDesiredAlive, isTerminal } from "@skein/model";
import type { Change } from "@skein/store";

/** A task that was asked to stop, and the nodes that may still send it new connections. */
interface Withdrawal {
  readonly taskId: string;
  /** The node that runs it. */
  readonly nodeId: string;
  /** The tables of this batch do not lead to it any more. */
  readonly version: number;
  readonly waitingFor: Set<string>;
}

/** Tasks that this change asks to stop while other nodes know their addresses. */
const asksToStop = (change: Change): Task | undefined => {
  if (change.table !== "tasks" || !change.after || !change.before) return undefined;
  const { before, after } = change;
  const asked = isDesiredAlive(before.desiredState) && !isDesiredAlive(after.desiredState);
  if (!asked || isTerminal(after.status.state) || !after.networks) return undefined;
  return after;
};

/**
 * Which stopping tasks are out of everybody's tables: only then may their agents end them, so that no
 * connection is lost. Agents wait two seconds at most, so nothing here has to survive.
 */
export class Withdrawals {
  readonly #open = new Map<string, Withdrawal>();

  /** Takes up what a batch asks to stop; `nodesOn` names the nodes that are on the networks. */
  observe(
    changes: readonly Change[],
    version: number,
    nodesOn: (networkIds: readonly string[]) => Iterable<string>,
  ): void {
    for (const change of changes) {
      const task = asksToStop(change);
      if (task?.nodeId === undefined) continue;
      const ids = (task.networks ?? []).map(({ networkId }) => networkId);
      const waitingFor = new Set(nodesOn(ids));
      this.#open.set(task.id, { taskId: task.id, nodeId: task.nodeId, version, waitingFor });
    }
  }

  /** A node has applied the tables up to this version. */
  applied(nodeId: string, version: number): void {
    for (const withdrawal of this.#open.values())
      if (withdrawal.version <= version) withdrawal.waitingFor.delete(nodeId);
  }

  /** A node is gone: nothing comes from there. */
  lost(nodeId: string): void {
    for (const withdrawal of this.#open.values()) withdrawal.waitingFor.delete(nodeId);
  }

  /** Tasks for which nobody is waited for any more, by the node that runs them. Told once. */
  take(): ReadonlyMap<string, readonly string[]> {
    const done = new Map<string, string[]>();
    for (const { taskId, nodeId, waitingFor } of this.#open.values()) {
      if (waitingFor.size > 0) continue;
      this.#open.delete(taskId);
      done.set(nodeId, [...(done.get(nodeId) ?? []), taskId]);
    }
    return done;
  }
}
