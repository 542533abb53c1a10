import type { Codec } from "../schema/codec.ts";
import { list, pointerList, stringMap } from "../schema/collections.ts";
import { bool, bytes, duration, fileMode, int, int64, text } from "../schema/scalars.ts";
import { always, nullable, omitEmpty, pointer, struct, word } from "../schema/struct.ts";
import type {
  AppArmorOpts,
  ConfigReference,
  ContainerSpec,
  CredentialSpec,
  DNSConfig,
  FileTarget,
  HealthConfig,
  Isolation,
  Privileges,
  SeccompOpts,
  SecretReference,
  SELinuxContext,
  Ulimit,
} from "../types/container-spec.ts";
import { mount } from "./mount.ts";

const credentialSpec = struct<CredentialSpec>("swarm.CredentialSpec", {
  Config: always(text()),
  File: always(text()),
  Registry: always(text()),
});

const seLinuxContext = struct<SELinuxContext>("swarm.SELinuxContext", {
  Disable: always(bool),
  User: always(text()),
  Role: always(text()),
  Type: always(text()),
  Level: always(text()),
});

const privileges = struct<Privileges>("swarm.Privileges", {
  CredentialSpec: nullable(credentialSpec),
  SELinuxContext: nullable(seLinuxContext),
  Seccomp: pointer(
    struct<SeccompOpts>("swarm.SeccompOpts", {
      Mode: word<"default" | "unconfined" | "custom">("swarm.SeccompMode"),
      Profile: omitEmpty(bytes),
    }),
  ),
  AppArmor: pointer(
    struct<AppArmorOpts>("swarm.AppArmorOpts", {
      Mode: word<"default" | "disabled">("swarm.AppArmorMode"),
    }),
  ),
  NoNewPrivileges: always(bool),
});

const healthConfig = struct<HealthConfig>("container.HealthConfig", {
  Test: omitEmpty(list(text())),
  Interval: omitEmpty(duration),
  Timeout: omitEmpty(duration),
  StartPeriod: omitEmpty(duration),
  StartInterval: omitEmpty(duration),
  Retries: omitEmpty(int),
});

const fileTarget = (goType: string): Codec<FileTarget> =>
  struct<FileTarget>(goType, {
    Name: always(text()),
    UID: always(text()),
    GID: always(text()),
    Mode: always(fileMode),
  });

const secretReference = struct<SecretReference>("swarm.SecretReference", {
  File: pointer(fileTarget("swarm.SecretReferenceFileTarget")),
  SecretID: always(text()),
  SecretName: always(text()),
});

const configReference = struct<ConfigReference>("swarm.ConfigReference", {
  File: pointer(fileTarget("swarm.ConfigReferenceFileTarget")),
  Runtime: pointer(struct<Record<string, never>>("swarm.ConfigReferenceRuntimeTarget", {})),
  ConfigID: always(text()),
  ConfigName: always(text()),
});

const dnsConfig = struct<DNSConfig>("swarm.DNSConfig", {
  Nameservers: omitEmpty(list(text())),
  Search: omitEmpty(list(text())),
  Options: omitEmpty(list(text())),
});

const ulimit = struct<Ulimit>("units.Ulimit", {
  Name: always(text()),
  Hard: always(int64),
  Soft: always(int64),
});

export const containerSpec: Codec<ContainerSpec> = struct<ContainerSpec>("swarm.ContainerSpec", {
  Image: omitEmpty(text()),
  Labels: omitEmpty(stringMap),
  Command: omitEmpty(list(text())),
  Args: omitEmpty(list(text())),
  Hostname: omitEmpty(text()),
  Env: omitEmpty(list(text())),
  Dir: omitEmpty(text()),
  User: omitEmpty(text()),
  Groups: omitEmpty(list(text())),
  Privileges: pointer(privileges),
  Init: pointer(bool),
  StopSignal: omitEmpty(text()),
  TTY: omitEmpty(bool),
  OpenStdin: omitEmpty(bool),
  ReadOnly: omitEmpty(bool),
  Mounts: omitEmpty(list(mount)),
  StopGracePeriod: pointer(duration),
  Healthcheck: pointer(healthConfig),
  Hosts: omitEmpty(list(text())),
  DNSConfig: pointer(dnsConfig),
  Secrets: omitEmpty(pointerList(secretReference)),
  Configs: omitEmpty(pointerList(configReference)),
  Isolation: word<Isolation>("container.Isolation"),
  Sysctls: omitEmpty(stringMap),
  CapabilityAdd: omitEmpty(list(text())),
  CapabilityDrop: omitEmpty(list(text())),
  Ulimits: omitEmpty(pointerList(ulimit)),
  OomScoreAdj: omitEmpty(int64),
});
