import { OperationError } from "@skein/base";
import { addressAt, formatSubnet, hostCapacity, parseSubnet } from "./subnet.ts";

/** Which container engine a host runs. */
export type EngineKind = "docker" | "podman";

/** What a host of the playground is in the cluster. */
export type HostRole = "manager" | "worker";

/** `skein`: a Skein daemon on each host; `none`: the engine's own swarm mode. */
export type DaemonKind = "skein" | "none";

/** One host: everything about it that is known before anything runs. */
export interface HostPlan {
  /** `manager1`, `worker2`: how the playground's commands call it. */
  readonly name: string;
  /** The playground that it is part of. */
  readonly playground: string;
  readonly hostname: string;
  readonly role: HostRole;
  readonly engine: EngineKind;
  readonly address: string;
  /** Its place in the subnet, from 1; the hardware address follows from it. */
  readonly index: number;
  /** Name of the network namespace, as `ip netns` knows it. */
  readonly netns: string;
  /** All files of the host. */
  readonly dir: string;
  /** The Docker API of the node: the Skein daemon's, or the engine's with `--daemon none`. */
  readonly socket: string;
  readonly engineSocket: string;
  /** cgroup below which the engine puts its containers. */
  readonly cgroup: string;
}

/** A whole playground, as it is kept in its state file. */
export interface PlaygroundPlan {
  readonly version: 1;
  readonly name: string;
  readonly dir: string;
  readonly daemon: DaemonKind;
  readonly join: boolean;
  readonly engineLabels: readonly string[];
  readonly subnet: string;
  readonly prefix: number;
  /** This machine's own address in the playground's subnet. */
  readonly gateway: string;
  /** This machine's interface into the playground. */
  readonly uplink: string;
  /** Name of the network namespace that holds the bridge. */
  readonly switchNetns: string;
  readonly hosts: readonly HostPlan[];
}

/** What the user asked for. */
export interface UpOptions {
  readonly name: string;
  readonly managers: number;
  readonly workers: number;
  /** `podman`, or `worker2=podman` for one host; the last one that fits counts. */
  readonly engines: readonly string[];
  readonly subnet?: string;
  readonly daemon: DaemonKind;
  readonly join: boolean;
  readonly engineLabels: readonly string[];
}

const refuse = (message: string): never => {
  throw new OperationError("invalid-parameter", message);
};

/** The kernel's limit for the path of a Unix socket is 107 bytes. */
const SOCKET_PATH_MAX = 107;

const requireName = (name: string): void => {
  if (!/^[a-z0-9][a-z0-9-]{0,23}$/.test(name))
    refuse(
      `"${name}" is not a name for a playground: use up to 24 lower-case letters, digits and dashes`,
    );
};

/** Where the files of the playground `name` are. */
export const playgroundDir = (stateRoot: string, name: string): string => {
  requireName(name);
  return `${stateRoot}/${name}`;
};

/** What the names of all network namespaces of the playground begin with. */
export const netnsPrefix = (name: string): string => `skein.${name}.`;

/** Where the engines of the playground put their cgroups, below each controller's root. */
export const cgroupOf = (name: string): string => `/skein-playground-${name}`;

/**
 * The subnets that may go with the interface `skpg<slot>` when the user names none. The later ones
 * are for machines with a route to all of 10.0.0.0/8, such as those of many offices.
 */
export const defaultSubnets = (slot: number): readonly [string, ...string[]] => [
  `10.210.${slot}.0/24`,
  `198.18.${slot}.0/24`,
];

/** The interface of this machine that is the playground's uplink. */
export const uplinkName = (slot: number): string => `skpg${slot}`;

const engineOf = (
  choices: readonly string[],
  host: string,
  hosts: readonly string[],
): EngineKind => {
  let engine: EngineKind = "docker";
  for (const choice of choices) {
    const [left = "", right] = choice.split("=");
    const kind = right ?? left;
    if (kind !== "docker" && kind !== "podman")
      return refuse(`"${choice}" is not an engine: use docker, podman or NODE=podman`);
    if (right !== undefined && !hosts.includes(left))
      return refuse(`--engine ${choice}: there is no host "${left}" in ${hosts.join(", ")}`);
    if (right === undefined || left === host) engine = kind;
  }
  return engine;
};

const requireSizes = (options: UpOptions, capacity: number): void => {
  const { managers, workers } = options;
  if (!Number.isInteger(managers) || managers < 1)
    refuse("--managers must be a whole number of at least 1");
  if (!Number.isInteger(workers) || workers < 0)
    refuse("--workers must be a whole number of at least 0");
  if (managers + workers > capacity)
    refuse(
      `${managers + workers} hosts do not fit into the subnet, which has room for ${capacity}`,
    );
  for (const label of options.engineLabels)
    if (!/^[^=\s]+(=.*)?$/.test(label)) refuse(`"${label}" is not a label: use KEY=VALUE`);
};

/**
 * Everything a playground consists of, as a value: names, addresses and paths.
 * `slot` tells playgrounds on one machine apart. Throws `invalid-parameter` on bad options.
 */
export const planPlayground = (
  options: UpOptions,
  stateRoot: string,
  slot: number,
): PlaygroundPlan => {
  const dir = playgroundDir(stateRoot, options.name);
  const subnet = parseSubnet(options.subnet ?? defaultSubnets(slot)[0]);
  requireSizes(options, hostCapacity(subnet));
  const names = [
    ...Array.from({ length: options.managers }, (_, i) => `manager${i + 1}`),
    ...Array.from({ length: options.workers }, (_, i) => `worker${i + 1}`),
  ];
  const hosts = names.map((name, i): HostPlan => {
    const hostDir = `${dir}/${name}`;
    const engine = engineOf(options.engines, name, names);
    const engineSocket = `${hostDir}/${engine}.sock`;
    return {
      name,
      playground: options.name,
      hostname: `${options.name}-${name}`,
      role: i < options.managers ? "manager" : "worker",
      engine,
      address: addressAt(subnet, i + 1),
      index: i + 1,
      netns: `${netnsPrefix(options.name)}${name}`,
      dir: hostDir,
      socket: options.daemon === "none" ? engineSocket : `${hostDir}/skein.sock`,
      engineSocket,
      cgroup: `${cgroupOf(options.name)}/${name}`,
    };
  });
  for (const host of hosts)
    if (host.engineSocket.length > SOCKET_PATH_MAX)
      refuse(`the state directory "${stateRoot}" is too long a path to hold Unix sockets`);
  const podman = hosts.find((host) => host.engine === "podman");
  if (options.daemon === "none" && options.join && podman !== undefined)
    refuse(
      `${podman.name} runs Podman, which has no swarm mode of its own: leave out --daemon none`,
    );
  return {
    version: 1,
    name: options.name,
    dir,
    daemon: options.daemon,
    join: options.join,
    engineLabels: options.engineLabels,
    subnet: formatSubnet(subnet),
    prefix: subnet.prefix,
    gateway: addressAt(subnet, -2),
    uplink: uplinkName(slot),
    switchNetns: `${netnsPrefix(options.name)}switch`,
    hosts,
  };
};

/** The playground that commands mean when no `--name` is given. */
export const DEFAULT_NAME = "skein";

/** The option that leads a command to this playground, with a blank before it; often empty. */
export const nameFlag = (name: string): string => (name === DEFAULT_NAME ? "" : ` --name ${name}`);

/** The host called `name` (or its hostname). Throws `not-found`, naming those that exist. */
export const hostNamed = (plan: PlaygroundPlan, name: string): HostPlan => {
  const host = plan.hosts.find((each) => each.name === name || each.hostname === name);
  if (host === undefined)
    throw new OperationError(
      "not-found",
      `no host "${name}" in playground "${plan.name}": it has ${plan.hosts.map((each) => each.name).join(", ")}`,
    );
  return host;
};
