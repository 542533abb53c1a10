import type { Backend } from "@skein/api";
import type { Clock, Logger, Random } from "@skein/base";
import { OperationError } from "@skein/base";
import type { Control } from "@skein/manager";
import type { ManagerRuntime } from "../manager/manager-runtime.ts";
import type { Member } from "../membership/member.ts";
import type { Membership } from "../membership/membership.ts";
import {
  lockedSwarm,
  notInSwarm,
  starting,
  workerCreates,
  workerOnly,
} from "../membership/texts.ts";
import type { DoctorDependencies } from "../doctor/doctor.ts";
import type { ContainerEndpoints } from "./attachments.ts";
import { newAttachmentBackend } from "./attachments.ts";
import { getOnWorker, listOnWorker } from "./worker-networks.ts";
import type { EventHub } from "./events.ts";
import { newLogBackend } from "./logs.ts";
import { newBackupBackend } from "./backup.ts";
import { newDiagnosisBackend } from "./diagnosis.ts";
import { newInfoBackend, newSwarmBackend } from "./swarm.ts";

export interface BackendDependencies {
  readonly membership: Membership;
  readonly doctor: DoctorDependencies;
  readonly events: EventHub;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly containers: ContainerEndpoints;
}

type Operations = Readonly<Record<string, (input: never) => Promise<unknown>>>;

const withReason = ({ kind, message }: OperationError, reason: string): OperationError =>
  new OperationError(kind, `${message} ${reason}`);

const managerOfMember = ({ manager, local, managerProblem }: Member): ManagerRuntime => {
  if (manager) return manager;
  if (local.role === "worker") throw workerOnly();
  throw managerProblem === undefined ? starting() : withReason(starting(), managerProblem);
};

/** The manager that runs here, or Docker's reason why there is none. */
const managerOf = ({ state }: Membership): ManagerRuntime => {
  switch (state.kind) {
    case "inactive":
      throw notInSwarm();
    case "pending":
      throw state.local?.role === "worker" ? workerOnly() : starting();
    case "locked":
      throw lockedSwarm();
    case "error":
      throw withReason(state.local?.role === "worker" ? workerOnly() : starting(), state.message);
    case "active":
      return managerOfMember(state.active);
  }
};

/** Operations that every manager answers from its own copy of the state. */
const READS: ReadonlySet<string> = new Set(["list", "get"]);

/** A group of operations whose manager is looked up anew on each call; changes go to the leader. */
const delegated = <Name extends keyof Control, Group extends Control[Name] & Operations>(
  manager: () => ManagerRuntime,
  group: Name,
  verbs: readonly (keyof Group & string)[],
): Group => {
  const call = (verb: string) => async (input: never) => {
    const running = manager();
    if (!READS.has(verb)) return running.perform(`${group}.${verb}`, input);
    const reads: Operations = running.control[group];
    return reads[verb]?.(input);
  };
  return Object.fromEntries(verbs.map((verb) => [verb, call(verb)])) as unknown as Group;
};

/** Joins the membership, the manager's operations and the events into what the API needs. */
export const newBackend = (dependencies: BackendDependencies): Backend => {
  const { membership, doctor, events, clock } = dependencies;
  const manager = (): ManagerRuntime => managerOf(membership);
  const networks = delegated(manager, "networks", ["list", "get", "create", "remove", "prune"]);
  const files = ["list", "get", "create", "update", "remove"] as const;
  return {
    swarm: newSwarmBackend(membership, manager, clock),
    nodes: delegated(manager, "nodes", ["list", "get", "update", "remove"]),
    services: delegated(manager, "services", files),
    tasks: delegated(manager, "tasks", ["list", "get"]),
    secrets: delegated(manager, "secrets", files),
    configs: delegated(manager, "configs", files),
    networks: {
      list: async (input) =>
        isManager(membership) ? networks.list(input) : listOnWorker(membership, input),
      get: async (input) =>
        isManager(membership) ? networks.get(input) : getOnWorker(membership, input),
      prune: async (input) => (isManager(membership) ? networks.prune(input) : []),
      create: async (input) => {
        if (membership.state.kind === "active" && !isManager(membership)) throw workerCreates();
        return networks.create(input);
      },
      remove: networks.remove,
    },
    logs: newLogBackend(manager, clock),
    attachments: newAttachmentBackend(dependencies),
    events: events.backend,
    info: newInfoBackend(membership),
    diagnosis: newDiagnosisBackend(doctor, manager),
    backup: newBackupBackend(membership, manager, clock),
  };
};

const isManager = ({ state }: Membership): boolean =>
  state.kind === "active" && state.active.manager !== undefined;
