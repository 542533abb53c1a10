import { any, bool, duration, list, map, number, pointer, struct, text } from "./shape.ts";
import type { Shape } from "./shape.ts";

/** `Driver`: log drivers, volume drivers. */
export const driver: Shape = struct("swarm.Driver", { Name: text, Options: map });

const mount = struct("mount.Mount", {
  Type: text,
  Source: text,
  Target: text,
  ReadOnly: bool,
  Consistency: text,
  BindOptions: pointer(any),
  VolumeOptions: pointer(any),
  ImageOptions: pointer(any),
  TmpfsOptions: pointer(any),
  ClusterOptions: pointer(any),
});

const health = struct("container.HealthConfig", {
  Test: list(text),
  Interval: duration,
  Timeout: duration,
  StartPeriod: duration,
  StartInterval: duration,
  Retries: number,
});

const file = struct("swarm.FileTarget", { Name: text, UID: text, GID: text, Mode: number });

const secret = struct("swarm.SecretReference", {
  File: pointer(file),
  SecretID: text,
  SecretName: text,
});

const config = struct("swarm.ConfigReference", {
  File: pointer(file),
  Runtime: pointer(any),
  ConfigID: text,
  ConfigName: text,
});

const dns = struct("swarm.DNSConfig", {
  Nameservers: list(text),
  Search: list(text),
  Options: list(text),
});

const ulimit = struct("units.Ulimit", { Name: text, Hard: number, Soft: number });

/** `swarm.ContainerSpec`. */
export const containerSpec: Shape = struct("swarm.ContainerSpec", {
  Image: text,
  Labels: map,
  Command: list(text),
  Args: list(text),
  Hostname: text,
  Env: list(text),
  Dir: text,
  User: text,
  Groups: list(text),
  Privileges: pointer(any),
  Init: pointer(bool),
  StopSignal: text,
  TTY: bool,
  OpenStdin: bool,
  ReadOnly: bool,
  Mounts: list(mount),
  StopGracePeriod: pointer(duration),
  Healthcheck: pointer(health),
  Hosts: list(text),
  DNSConfig: pointer(dns),
  Secrets: list(secret),
  Configs: list(config),
  Isolation: text,
  Sysctls: map,
  CapabilityAdd: list(text),
  CapabilityDrop: list(text),
  Ulimits: list(ulimit),
  OomScoreAdj: number,
});
