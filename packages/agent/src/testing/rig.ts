import { newVirtualClock, seededRandom, silentLogger } from "@skein/base";
import type { VirtualClock } from "@skein/base";
import type { ManagerAddress, SpecAssignment, TaskAssignment } from "@skein/model";
import type { ContainerSpec } from "@skein/wire";
import type { Agent } from "../agent.ts";
import { createAgent } from "../agent.ts";
import type { StoredTask, TaskStore } from "../ports.ts";
import { FakeEngine } from "./fake-engine.ts";
import { FakeManager } from "./fake-manager.ts";

/** A task store in memory, which outlives agents. */
class FakeDisk {
  readonly tasks: Map<string, StoredTask> = new Map();
  readonly specs: Map<string, SpecAssignment> = new Map();
  remotes: readonly ManagerAddress[] = [{ nodeId: "m1", addr: "m1:2377" }];

  store(): TaskStore {
    return {
      load: () =>
        Promise.resolve({ tasks: [...this.tasks.values()], specs: [...this.specs.values()] }),
      save: (changes) => {
        for (const task of changes.tasks) this.tasks.set(task.task.id, task);
        for (const id of changes.removedTasks) this.tasks.delete(id);
        for (const spec of changes.specs) this.specs.set(spec.key, spec);
        for (const key of changes.removedSpecs) this.specs.delete(key);
        return Promise.resolve();
      },
      clear: () => {
        this.tasks.clear();
        this.specs.clear();
        return Promise.resolve();
      },
    };
  }
}

/** An agent with everything around it in memory. */
export interface Rig {
  readonly clock: VirtualClock;
  readonly engine: FakeEngine;
  readonly manager: FakeManager;
  readonly disk: FakeDisk;
  /** How often the agents were told that their node was removed. */
  readonly removals: () => number;
  /** A new agent on the same host, as after a restart of the daemon. */
  newAgent(): Agent;
}

export const newRig = (): Rig => {
  const clock = newVirtualClock();
  const engine = new FakeEngine();
  const manager = new FakeManager();
  const disk = new FakeDisk();
  let removals = 0;
  const newAgent = (): Agent =>
    createAgent(
      { nodeId: "n1", addr: "10.0.0.1" },
      {
        clock,
        random: seededRandom(1),
        logger: silentLogger,
        executor: engine.executor(),
        templates: {
          expandContainer: (container) => container,
          expandFile: (text, context) => text.replace("{{secret}}", context.secret("pw") ?? "none"),
        },
        tasks: disk.store(),
        remotes: {
          load: () => Promise.resolve(disk.remotes),
          save: (managers) => {
            disk.remotes = managers;
            return Promise.resolve();
          },
        },
        dialer: manager.dialer(),
        tlsInfo: () => ({}),
        onCluster: () => {},
        onRemoved: () => {
          removals += 1;
        },
      },
    );
  return { clock, engine, manager, disk, newAgent, removals: () => removals };
};

/** What the tasks of the service `web` are made of. */
export const webSpec = (container: Partial<ContainerSpec> = {}): SpecAssignment => ({
  key: "svc.1",
  serviceId: "svc",
  serviceName: "web",
  serviceLabels: {},
  task: {
    ContainerSpec: { Image: "bb:1", StopGracePeriod: 3e9, ...container },
    ForceUpdate: 0,
  },
});

/** A task of `web`, wanted to run. */
export const webTask = (id: string, parts: Partial<TaskAssignment> = {}): TaskAssignment => ({
  id,
  spec: "svc.1",
  slot: 1,
  desiredState: "running",
  state: "assigned",
  ...parts,
});
