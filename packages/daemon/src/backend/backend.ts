import type { Backend } from "@skein/api";
import type { Random } from "@skein/base";
import { OperationError } from "@skein/base";
import type { Control } from "@skein/manager";
import type { ManagerRuntime } from "../manager/manager-runtime.ts";
import type { Membership } from "../membership/membership.ts";
import { notInSwarm, starting, workerCreates, workerOnly } from "../membership/texts.ts";
import type { EventHub } from "./events.ts";
import { newLogBackend } from "./logs.ts";
import { newInfoBackend, newSwarmBackend } from "./swarm.ts";

export interface BackendDependencies {
  readonly membership: Membership;
  readonly events: EventHub;
  readonly random: Random;
}

type Operations = Readonly<Record<string, (input: never) => Promise<unknown>>>;

const withReason = ({ kind, message }: OperationError, reason: string): OperationError =>
  new OperationError(kind, `${message} ${reason}`);

/** The manager that runs here, or Docker's reason why there is none. */
const managerOf = ({ state }: Membership): ManagerRuntime => {
  switch (state.kind) {
    case "inactive":
      throw notInSwarm();
    case "pending":
      throw state.local?.role === "worker" ? workerOnly() : starting();
    case "error":
      throw withReason(state.local?.role === "worker" ? workerOnly() : starting(), state.message);
    case "active":
      if (!state.active.manager) throw workerOnly();
      return state.active.manager;
  }
};

/** A group of operations whose manager is looked up anew on each call. */
const delegated = <Group extends Operations>(
  control: () => Control,
  pick: (control: Control) => Group,
  names: readonly (keyof Group & string)[],
): Group => {
  const call = (name: string) => async (input: never) => pick(control())[name]?.(input);
  return Object.fromEntries(names.map((name) => [name, call(name)])) as unknown as Group;
};

/** Joins the membership, the manager's operations and the events into what the API needs. */
export const newBackend = ({ membership, events, random }: BackendDependencies): Backend => {
  const manager = (): ManagerRuntime => managerOf(membership);
  const control = (): Control => manager().control;
  const files = ["list", "get", "create", "update", "remove"] as const;
  return {
    swarm: newSwarmBackend(membership, manager, random),
    nodes: delegated(control, ({ nodes }) => nodes, ["list", "get", "update", "remove"]),
    services: delegated(control, ({ services }) => services, files),
    tasks: delegated(control, ({ tasks }) => tasks, ["list", "get"]),
    secrets: delegated(control, ({ secrets }) => secrets, files),
    configs: delegated(control, ({ configs }) => configs, files),
    networks: {
      list: async (input) => (isManager(membership) ? control().networks.list(input) : []),
      get: async ({ ref }) => {
        if (!isManager(membership))
          throw new OperationError("not-found", `network ${ref} not found`);
        return control().networks.get({ ref });
      },
      create: async (input) => {
        if (membership.state.kind === "active" && !isManager(membership)) throw workerCreates();
        return control().networks.create(input);
      },
      remove: async ({ ref }) => control().networks.remove({ ref }),
    },
    logs: newLogBackend(manager),
    events: events.backend,
    info: newInfoBackend(membership),
  };
};

const isManager = ({ state }: Membership): boolean =>
  state.kind === "active" && state.active.manager !== undefined;
