import type { ContainerState, ContainerSummary } from "@skein/agent";
import type { PortConfig } from "@skein/wire";
import { TASK_LABEL } from "./container-config.ts";

/** The part of GET /containers/{id}/json that is looked at. */
export interface InspectAnswer {
  readonly Id: string;
  readonly State: {
    readonly Status?: string;
    readonly Running?: boolean;
    readonly Paused?: boolean;
    readonly Restarting?: boolean;
    readonly Pid?: number;
    readonly ExitCode?: number;
    readonly Error?: string;
    readonly StartedAt?: string;
    readonly Health?: { readonly Status?: string } | null | undefined;
  };
  readonly Config?: {
    readonly Tty?: boolean;
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly Healthcheck?:
      | {
          readonly Test?: readonly string[] | null | undefined;
          readonly Interval?: number | undefined;
        }
      | null
      | undefined;
  };
  readonly NetworkSettings?: {
    readonly Ports?: Readonly<
      Record<string, readonly { readonly HostPort?: string }[] | null | undefined>
    > | null;
  };
}

/** The part of one entry of GET /containers/json that is looked at. */
export interface ListAnswer {
  readonly Id: string;
  readonly State?: string;
  readonly Status?: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
}

/** Go's zero time: the container never ran. */
const NEVER = "0001-01-01";

const phaseOf = (state: InspectAnswer["State"]): ContainerState["phase"] => {
  // Podman's `stopping` still runs.
  const runs = state.Running === true || state.Paused === true || state.Restarting === true;
  if (runs || state.Status === "stopping") return "running";
  const neverRan = (state.StartedAt ?? "") === "" || state.StartedAt?.startsWith(NEVER) === true;
  return neverRan ? "created" : "exited";
};

const isHealth = (text: string): text is NonNullable<ContainerState["health"]> =>
  text === "starting" || text === "healthy" || text === "unhealthy";

const healthOf = ({ State, Config }: InspectAnswer): ContainerState["health"] => {
  const status = State.Health?.Status ?? "";
  if (isHealth(status)) return status;
  const [kind] = Config?.Healthcheck?.Test ?? [];
  // Podman says nothing until the first check is due.
  return status === "" && State.Health && kind !== undefined && kind !== "NONE"
    ? "starting"
    : undefined;
};

const protocolOf = (text: string): NonNullable<PortConfig["Protocol"]> =>
  text === "udp" || text === "sctp" ? text : "tcp";

/** Docker tells each mapping once per address family; one is enough. */
const portsOf = ({ NetworkSettings }: InspectAnswer): readonly PortConfig[] => {
  const ports = new Map<string, PortConfig>();
  for (const [key, bindings] of Object.entries(NetworkSettings?.Ports ?? {}))
    for (const { HostPort = "" } of bindings ?? []) {
      const [target = "", protocol = "tcp"] = key.split("/");
      if (HostPort === "") continue;
      ports.set(`${key} ${HostPort}`, {
        Protocol: protocolOf(protocol),
        TargetPort: Number(target),
        PublishedPort: Number(HostPort),
        PublishMode: "host",
      });
    }
  return [...ports.values()];
};

/** What the agent wants to know of a container. */
export const toContainerState = (answer: InspectAnswer): ContainerState => {
  const { State } = answer;
  const phase = phaseOf(State);
  const health = healthOf(answer);
  const error = State.Error ?? "";
  return {
    id: answer.Id,
    phase,
    pid: phase === "running" ? (State.Pid ?? 0) : 0,
    exitCode: State.ExitCode ?? 0,
    ...(health ? { health } : {}),
    ...(error === "" ? {} : { error }),
    ports: phase === "running" ? portsOf(answer) : [],
  };
};

const listedPhases: Readonly<Record<string, ContainerState["phase"]>> = {
  created: "created",
  configured: "created",
  initialized: "created",
  running: "running",
  paused: "running",
  restarting: "running",
  stopping: "running",
};

/** One line of the list; undefined when it is no task's container. */
export const toContainerSummary = (answer: ListAnswer): ContainerSummary | undefined => {
  const taskId = answer.Labels?.[TASK_LABEL] ?? "";
  if (taskId === "") return undefined;
  const status = /\((?:health: )?(starting|healthy|unhealthy)\)/u.exec(answer.Status ?? "")?.[1];
  return {
    id: answer.Id,
    taskId,
    phase: listedPhases[answer.State ?? ""] ?? "exited",
    ...(status !== undefined && isHealth(status) ? { health: status } : {}),
  };
};
