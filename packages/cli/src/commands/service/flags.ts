import type { CredentialSpec } from "@skein/wire";
import { one } from "../../command/flag.ts";
import type { AnyFlag, Flag } from "../../command/flag.ts";
import {
  booleanFlag,
  detachFlag,
  durationFlag,
  integerFlag,
  listFlag,
  quietProgress,
  stringFlag,
  unsignedFlag,
  wordFlag,
} from "../../flags/common.ts";
import { parseDuration, parsePositiveDuration } from "../../flags/duration.ts";
import { parseBytes, parseCpus, parseUnsigned } from "../../flags/numbers.ts";
import { UNITS, updateConfigFlags } from "./update-config-flags.ts";
import type { UpdateConfigFlags, WithDefault } from "./update-config-flags.ts";
import { parseCredentialSpec } from "../../flags/references.ts";
import { splitWords } from "../../flags/shell-words.ts";
import { checkEnv } from "../../flags/values.ts";

/** Flags of the restart policy. */
interface RestartFlags {
  readonly condition: Flag<string>;
  readonly delay: Flag<number>;
  readonly maxAttempts: Flag<number>;
  readonly window: Flag<number>;
}

const restartFlags = (described: WithDefault): RestartFlags => ({
  condition: wordFlag(
    "restart-condition",
    described('Restart when condition is met ("none", "on-failure", "any")', '"any"'),
    ["none", "on-failure", "any"],
  ),
  delay: durationFlag("restart-delay", described(`Delay between restart attempts ${UNITS}`, "5s")),
  maxAttempts: unsignedFlag("restart-max-attempts", "Maximum number of restarts before giving up"),
  window: durationFlag("restart-window", `Window used to evaluate the restart policy ${UNITS}`),
});

const duration = (name: string, description: string): Flag<number> =>
  one({
    name,
    type: "duration",
    description: `${description} (ms|s|m|h)`,
    parse: parsePositiveDuration,
  });

/** Flags of the health check. */
interface HealthFlags {
  readonly cmd: Flag<string>;
  readonly interval: Flag<number>;
  readonly timeout: Flag<number>;
  readonly retries: Flag<number>;
  readonly startPeriod: Flag<number>;
  readonly startInterval: Flag<number>;
  readonly none: Flag<boolean>;
}

const healthFlags = (): HealthFlags => ({
  cmd: stringFlag("health-cmd", "Command to run to check health"),
  interval: duration("health-interval", "Time between running the check"),
  timeout: duration("health-timeout", "Maximum time to allow one check to run"),
  retries: integerFlag("health-retries", "Consecutive failures needed to report unhealthy"),
  startPeriod: duration(
    "health-start-period",
    "Start period for the container to initialize before counting retries towards unstable",
  ),
  startInterval: duration(
    "health-start-interval",
    "Time between running the check during the start period",
  ),
  none: booleanFlag("no-healthcheck", "Disable any container-specified HEALTHCHECK"),
});

const cpuFlag = (name: string, description: string): Flag<number> =>
  one({ name, type: "decimal", description, parse: parseCpus });

const bytesFlag = (name: string, description: string): Flag<number> =>
  one({ name, type: "bytes", description, parse: parseBytes });

/** Flags of limits and reservations. */
interface ResourceFlags {
  readonly limitCpu: Flag<number>;
  readonly limitMemory: Flag<number>;
  readonly limitPids: Flag<number>;
  readonly reserveCpu: Flag<number>;
  readonly reserveMemory: Flag<number>;
}

const resourceFlags = (): ResourceFlags => ({
  limitCpu: cpuFlag("limit-cpu", "Limit CPUs"),
  limitMemory: bytesFlag("limit-memory", "Limit Memory"),
  limitPids: integerFlag("limit-pids", "Limit maximum number of processes (default 0 = unlimited)"),
  reserveCpu: cpuFlag("reserve-cpu", "Reserve CPUs"),
  reserveMemory: bytesFlag("reserve-memory", "Reserve Memory"),
});

/** A command line, split into words. */
export const commandFlag = (name: string, description: string): Flag<readonly string[]> =>
  one({ name, type: "command", description, parse: splitWords });

const credentialSpecFlag = (): Flag<CredentialSpec> =>
  one({
    name: "credential-spec",
    type: "credential-spec",
    description: "Credential spec for managed service account (Windows only)",
    parse: parseCredentialSpec,
  });

const graceFlag = (described: WithDefault): Flag<number> =>
  one({
    name: "stop-grace-period",
    type: "duration",
    description: described(`Time to wait before force killing a container ${UNITS}`, "10s"),
    parse: parseDuration,
  });

const countFlag = (name: string, description: string): Flag<number> =>
  one({ name, type: "uint", description, parse: (text) => parseUnsigned(text) });

/** Flags of the container. */
interface ContainerFlags {
  readonly workdir: Flag<string>;
  readonly user: Flag<string>;
  readonly hostname: Flag<string>;
  readonly entrypoint: Flag<readonly string[]>;
  readonly capAdd: Flag<string>;
  readonly capDrop: Flag<string>;
  readonly stopGrace: Flag<number>;
  readonly tty: Flag<boolean>;
  readonly readOnly: Flag<boolean>;
  readonly stopSignal: Flag<string>;
  readonly isolation: Flag<string>;
  readonly init: Flag<boolean>;
  readonly oomScoreAdj: Flag<number>;
  readonly credentialSpec: Flag<CredentialSpec>;
}

const containerFlags = (described: WithDefault): ContainerFlags => ({
  workdir: stringFlag("workdir", "Working directory inside the container", { short: "w" }),
  user: stringFlag("user", "Username or UID (format: <name|uid>[:<group|gid>])", { short: "u" }),
  hostname: stringFlag("hostname", "Container hostname"),
  entrypoint: commandFlag("entrypoint", "Overwrite the default ENTRYPOINT of the image"),
  capAdd: listFlag("cap-add", "Add Linux capabilities"),
  capDrop: listFlag("cap-drop", "Drop Linux capabilities"),
  stopGrace: graceFlag(described),
  tty: booleanFlag("tty", "Allocate a pseudo-TTY", { short: "t" }),
  readOnly: booleanFlag("read-only", "Mount the container's root filesystem as read only"),
  stopSignal: stringFlag("stop-signal", "Signal to stop the container"),
  isolation: stringFlag("isolation", "Service container isolation mode"),
  init: booleanFlag(
    "init",
    "Use an init inside each service container to forward signals and reap processes",
  ),
  oomScoreAdj: integerFlag("oom-score-adj", "Tune host's OOM preferences (-1000 to 1000) "),
  credentialSpec: credentialSpecFlag(),
});

/** Flags of the service as a whole. */
interface ServiceFlags {
  readonly detach: Flag<boolean>;
  readonly quiet: Flag<boolean>;
  readonly replicas: Flag<number>;
  readonly maxConcurrent: Flag<number>;
  readonly maxReplicas: Flag<number>;
  readonly endpointMode: Flag<string>;
  readonly registryAuth: Flag<boolean>;
  readonly noResolveImage: Flag<boolean>;
  readonly logDriver: Flag<string>;
  readonly logOpt: Flag<string>;
}

const serviceFlags = (own: boolean): ServiceFlags => ({
  detach: detachFlag,
  quiet: quietProgress,
  replicas: countFlag("replicas", "Number of tasks"),
  maxConcurrent: countFlag(
    "max-concurrent",
    "Number of job tasks to run concurrently (default equal to --replicas)",
  ),
  maxReplicas: unsignedFlag(
    "replicas-max-per-node",
    "Maximum number of tasks per node (default 0 = unlimited)",
  ),
  endpointMode: wordFlag(
    "endpoint-mode",
    "Endpoint mode (vip or dnsrr)",
    ["vip", "dnsrr"],
    own ? { fallback: '"vip"' } : {},
  ),
  registryAuth: booleanFlag(
    "with-registry-auth",
    "Send registry authentication details to swarm agents",
  ),
  noResolveImage: booleanFlag(
    "no-resolve-image",
    "Do not query the registry to resolve image digest and supported platforms",
  ),
  logDriver: stringFlag("log-driver", "Logging driver for service"),
  logOpt: listFlag("log-opt", "Logging driver options", { check: checkEnv(process.env) }),
});

/** The flags that `service create` and `service update` share; `create` shows their defaults. */
export const makeSharedFlags = (own: boolean): SharedFlags => {
  const described: WithDefault = (text, fallback) => (own ? `${text} (default ${fallback})` : text);
  return {
    service: serviceFlags(own),
    container: containerFlags(described),
    resources: resourceFlags(),
    restart: restartFlags(described),
    health: healthFlags(),
    update: updateConfigFlags(
      {
        prefix: "update",
        parallelism: "Maximum number of tasks updated simultaneously (0 to update all at once)",
        delay: "Delay between updates",
        monitor: "Duration after each task update to monitor for failure",
        actions: ["pause", "continue", "rollback"],
        ratio: "Failure rate to tolerate during an update",
      },
      described,
      own,
    ),
    rollback: updateConfigFlags(
      {
        prefix: "rollback",
        parallelism:
          "Maximum number of tasks rolled back simultaneously (0 to roll back all at once)",
        delay: "Delay between task rollbacks",
        monitor: "Duration after each task rollback to monitor for failure",
        actions: ["pause", "continue"],
        ratio: "Failure rate to tolerate during a rollback",
      },
      described,
      own,
    ),
  };
};

/** Flags that `service create` and `service update` share. */
export interface SharedFlags {
  readonly service: ServiceFlags;
  readonly container: ContainerFlags;
  readonly resources: ResourceFlags;
  readonly restart: RestartFlags;
  readonly health: HealthFlags;
  readonly update: UpdateConfigFlags;
  readonly rollback: UpdateConfigFlags;
}

/** All flags in groups of flags. */
export const flatten = (groups: Readonly<Record<string, object>>): readonly AnyFlag[] =>
  Object.values(groups).flatMap((group) => Object.values(group) as AnyFlag[]);
