import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@skein/sdk";
import type { Client } from "@skein/sdk";
import type { Node, Task } from "@skein/wire";
import type { Host, Playground } from "../support/hosts.ts";

/** How often a condition is looked at, and how long a look may take, in milliseconds. */
const LOOK_MS = 50;
const ANSWER_MS = 3000;

/** The service whose tasks are watched. */
export const WITNESS = "witness";

/** A task that runs: what must stay as it is while nothing happens to its node. */
export interface Run {
  readonly task: string;
  readonly node: string;
  readonly container: string;
  readonly pid: number;
}

/** What one manager says of the cluster, and how long things take. */
export class Observer {
  readonly playground: Playground;
  readonly hosts: readonly Host[];

  constructor(playground: Playground, hosts: readonly Host[]) {
    this.playground = playground;
    this.hosts = hosts;
  }

  get managers(): readonly Host[] {
    return this.hosts.filter(({ role }) => role === "manager");
  }

  /** The host of a node. */
  hostOf(node: Node): Host | undefined {
    return this.hosts.find(({ hostname }) => hostname === node.Description?.Hostname);
  }

  nodes(at: Host): Promise<readonly Node[]> {
    return this.#ask(at, (client) => client.nodes.list());
  }

  /** The tasks of the watched service that run and shall run. */
  async runs(at: Host): Promise<readonly Run[]> {
    const filters = { service: [WITNESS], "desired-state": ["running"] };
    const tasks: readonly Task[] = await this.#ask(at, (client) => client.tasks.list(filters));
    return tasks.flatMap(({ ID: task, NodeID: node, Status }) => {
      const { ContainerID: container = "", PID: pid = 0 } = Status.ContainerStatus ?? {};
      return Status.State === "running" && node !== undefined
        ? [{ task, node, container, pid }]
        : [];
    });
  }

  async #ask<T>(at: Host, question: (client: Client) => Promise<T>): Promise<T> {
    const client = createClient({ host: `unix://${at.socket}`, apiVersion: "1.41" });
    const late = sleep(ANSWER_MS, undefined, { ref: false }).then(() => {
      throw new Error(`${at.name} did not answer within ${ANSWER_MS} ms`);
    });
    try {
      return await Promise.race([question(client), late]);
    } finally {
      client.close();
    }
  }
}

/**
 * Milliseconds from `since` (as `performance.now()` counts) until `accept` holds. A look that fails
 * counts as no. Rejects after `deadlineMs`, with what was seen last.
 */
export const elapsedUntil = async (
  what: string,
  since: number,
  accept: () => Promise<boolean>,
  deadlineMs = 90_000,
): Promise<number> => {
  const end = performance.now() + deadlineMs;
  let last: unknown = "no";
  for (;;) {
    try {
      if (await accept()) return performance.now() - since;
      last = "no";
    } catch (error) {
      last = error;
    }
    if (performance.now() > end)
      throw new Error(`not within ${deadlineMs / 1000} s: ${what} (${String(last)})`);
    await sleep(LOOK_MS);
  }
};
