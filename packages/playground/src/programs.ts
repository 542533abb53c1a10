import { pathsOf } from "./paths.ts";
import type { HostPlan, PlaygroundPlan } from "./plan.ts";

/** The command line of the host's container engine. */
export const engineCommand = (plan: PlaygroundPlan, host: HostPlan): readonly string[] => {
  const paths = pathsOf(host);
  if (host.engine === "podman")
    return [
      "env",
      `CONTAINERS_CONF=${paths.containersConf}`,
      "podman",
      `--root=${paths.engineData}`,
      "--runroot=/run/containers/storage",
      "--tmpdir=/run/libpod",
      `--network-config-dir=${paths.cniConfig}`,
      "--cgroup-manager=cgroupfs",
      "--events-backend=file",
      "system",
      "service",
      "--time=0",
      `unix://${host.engineSocket}`,
    ];
  return [
    "dockerd",
    `--data-root=${paths.engineData}`,
    "--exec-root=/run/docker",
    "--pidfile=/run/docker.pid",
    `--host=unix://${host.engineSocket}`,
    `--cgroup-parent=${host.cgroup}`,
    "--exec-opt=native.cgroupdriver=cgroupfs",
    ...plan.engineLabels.map((label) => `--label=${label}`),
  ];
};

/** Podman's settings on a host: no journal and no systemd are there. */
export const containersConf = (host: HostPlan): string =>
  [
    "[containers]",
    'log_driver = "k8s-file"',
    "default_sysctls = []",
    "[engine]",
    'cgroup_manager = "cgroupfs"',
    'events_logger = "file"',
    "[network]",
    `network_config_dir = "${pathsOf(host).cniConfig}"`,
    "",
  ].join("\n");

/** A resolver at which nobody listens: look-ups of registries fail at once instead of timing out. */
export const resolvConf = (plan: PlaygroundPlan): string =>
  `nameserver ${plan.gateway}\noptions timeout:1 attempts:1\n`;

/** The command line of the host's Skein daemon; `program` is what runs `skein daemon`. */
export const daemonCommandOf = (program: readonly string[], host: HostPlan): readonly string[] => {
  const paths = pathsOf(host);
  return [
    ...program,
    `--host=unix://${host.socket}`,
    `--engine=unix://${host.engineSocket}`,
    `--data-dir=${paths.daemonData}`,
    `--run-dir=${paths.runDir}`,
    `--pidfile=${paths.daemonPidfile}`,
    "--listen-addr=0.0.0.0:2377",
  ];
};
