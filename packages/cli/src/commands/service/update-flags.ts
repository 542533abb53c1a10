import type {
  ConfigReference,
  Mount,
  NetworkAttachmentConfig,
  PlacementPreference,
  PortConfig,
  SecretReference,
  Ulimit,
} from "@skein/wire";
import { many } from "../../command/flag.ts";
import type { AnyFlag, Flag } from "../../command/flag.ts";
import { booleanFlag, listFlag, stringFlag } from "../../flags/common.ts";
import { parseMount } from "../../flags/mount.ts";
import { parsePorts } from "../../flags/ports.ts";
import { parseConfig, parseNetwork, parseSecret } from "../../flags/references.ts";
import {
  checkAddress,
  checkDomain,
  checkEnv,
  checkGenericResource,
  checkHost,
  checkLabel,
  parsePreference,
  parseUlimit,
} from "../../flags/values.ts";
import { commandFlag, flatten, makeSharedFlags } from "./flags.ts";
import type { SharedFlags } from "./flags.ts";

const preference = (name: string, description: string): Flag<PlacementPreference> =>
  many({ name, type: "pref", description, parse: parsePreference });

const port = (name: string, description: string): Flag<readonly PortConfig[]> =>
  many({ name, type: "port", description, parse: parsePorts });

/** Changes of image, labels, environment and groups. */
interface MetadataFlags {
  readonly image: Flag<string>;
  readonly args: Flag<readonly string[]>;
  readonly force: Flag<boolean>;
  readonly rollback: Flag<boolean>;
  readonly labelAdd: Flag<string>;
  readonly labelRm: Flag<string>;
  readonly containerLabelAdd: Flag<string>;
  readonly containerLabelRm: Flag<string>;
  readonly envAdd: Flag<string>;
  readonly envRm: Flag<string>;
  readonly groupAdd: Flag<string>;
  readonly groupRm: Flag<string>;
}

const metadata: MetadataFlags = {
  image: stringFlag("image", "Service image tag"),
  args: commandFlag("args", "Service command args"),
  force: booleanFlag("force", "Force update even if no changes require it"),
  rollback: booleanFlag("rollback", "Rollback to previous specification"),
  labelAdd: listFlag("label-add", "Add or update a service label", { check: checkLabel }),
  labelRm: listFlag("label-rm", "Remove a label by its key"),
  containerLabelAdd: listFlag("container-label-add", "Add or update a container label", {
    check: checkLabel,
  }),
  containerLabelRm: listFlag("container-label-rm", "Remove a container label by its key"),
  envAdd: listFlag("env-add", "Add or update an environment variable", {
    check: checkEnv(process.env),
  }),
  envRm: listFlag("env-rm", "Remove an environment variable"),
  groupAdd: listFlag("group-add", "Add an additional supplementary user group to the container"),
  groupRm: listFlag(
    "group-rm",
    "Remove a previously added supplementary user group from the container",
  ),
};

/** Changes of where tasks run. */
interface PlacementFlags {
  readonly constraintAdd: Flag<string>;
  readonly constraintRm: Flag<string>;
  readonly preferenceAdd: Flag<PlacementPreference>;
  readonly preferenceRm: Flag<PlacementPreference>;
  readonly genericResourceAdd: Flag<string>;
  readonly genericResourceRm: Flag<string>;
}

const placement: PlacementFlags = {
  constraintAdd: listFlag("constraint-add", "Add or update a placement constraint"),
  constraintRm: listFlag("constraint-rm", "Remove a constraint"),
  preferenceAdd: preference("placement-pref-add", "Add a placement preference"),
  preferenceRm: preference("placement-pref-rm", "Remove a placement preference"),
  genericResourceAdd: listFlag("generic-resource-add", "Add a Generic resource", {
    check: checkGenericResource,
  }),
  genericResourceRm: listFlag("generic-resource-rm", "Remove a Generic resource"),
};

/** Changes of mounts, secrets and configs. */
interface FileFlags {
  readonly mountAdd: Flag<Mount>;
  readonly mountRm: Flag<string>;
  readonly secretAdd: Flag<SecretReference>;
  readonly secretRm: Flag<string>;
  readonly configAdd: Flag<ConfigReference>;
  readonly configRm: Flag<string>;
}

const files: FileFlags = {
  mountAdd: many({
    name: "mount-add",
    type: "mount",
    description: "Add or update a mount on a service",
    parse: parseMount,
  }),
  mountRm: listFlag("mount-rm", "Remove a mount by its target path"),
  secretAdd: many({
    name: "secret-add",
    type: "secret",
    description: "Add or update a secret on a service",
    parse: parseSecret,
    complete: { kind: "secrets" },
  }),
  secretRm: listFlag("secret-rm", "Remove a secret", { complete: { kind: "secrets" } }),
  configAdd: many({
    name: "config-add",
    type: "config",
    description: "Add or update a config file on a service",
    parse: parseConfig,
    complete: { kind: "configs" },
  }),
  configRm: listFlag("config-rm", "Remove a configuration file", {
    complete: { kind: "configs" },
  }),
};

/** Changes of networks, ports and name resolution. */
interface NetworkFlags {
  readonly networkAdd: Flag<NetworkAttachmentConfig>;
  readonly networkRm: Flag<string>;
  readonly publishAdd: Flag<readonly PortConfig[]>;
  readonly publishRm: Flag<readonly PortConfig[]>;
  readonly dnsAdd: Flag<string>;
  readonly dnsRm: Flag<string>;
  readonly dnsOptionAdd: Flag<string>;
  readonly dnsOptionRm: Flag<string>;
  readonly dnsSearchAdd: Flag<string>;
  readonly dnsSearchRm: Flag<string>;
  readonly hostAdd: Flag<string>;
  readonly hostRm: Flag<string>;
}

const network: NetworkFlags = {
  networkAdd: many({
    name: "network-add",
    type: "network",
    description: "Add a network",
    parse: parseNetwork,
    complete: { kind: "networks" },
  }),
  networkRm: listFlag("network-rm", "Remove a network", { complete: { kind: "networks" } }),
  publishAdd: port("publish-add", "Add or update a published port"),
  publishRm: port("publish-rm", "Remove a published port by its target port"),
  dnsAdd: listFlag("dns-add", "Add or update a custom DNS server", { check: checkAddress }),
  dnsRm: listFlag("dns-rm", "Remove a custom DNS server"),
  dnsOptionAdd: listFlag("dns-option-add", "Add or update a DNS option"),
  dnsOptionRm: listFlag("dns-option-rm", "Remove a DNS option"),
  dnsSearchAdd: listFlag("dns-search-add", "Add or update a custom DNS search domain", {
    check: checkDomain,
  }),
  dnsSearchRm: listFlag("dns-search-rm", "Remove a DNS search domain"),
  hostAdd: listFlag("host-add", 'Add a custom host-to-IP mapping ("host:ip")', {
    check: checkHost,
  }),
  hostRm: listFlag("host-rm", 'Remove a custom host-to-IP mapping ("host:ip")'),
};

/** Changes of kernel settings. */
interface KernelFlags {
  readonly sysctlAdd: Flag<string>;
  readonly sysctlRm: Flag<string>;
  readonly ulimitAdd: Flag<Ulimit>;
  readonly ulimitRm: Flag<string>;
}

const kernel: KernelFlags = {
  sysctlAdd: listFlag("sysctl-add", "Add or update a Sysctl option"),
  sysctlRm: listFlag("sysctl-rm", "Remove a Sysctl option"),
  ulimitAdd: many({
    name: "ulimit-add",
    type: "ulimit",
    description: "Add or update a ulimit option",
    fallback: "[]",
    parse: parseUlimit,
  }),
  ulimitRm: listFlag("ulimit-rm", "Remove a ulimit option"),
};

/** The flags that only `service update` has, in groups. */
export interface UpdateOnlyFlags {
  readonly metadata: MetadataFlags;
  readonly placement: PlacementFlags;
  readonly files: FileFlags;
  readonly network: NetworkFlags;
  readonly kernel: KernelFlags;
}

/** The flags of `service update`. */
export const updateFlags: SharedFlags & UpdateOnlyFlags = {
  ...makeSharedFlags(false),
  metadata,
  placement,
  files,
  network,
  kernel,
};

/** The flags of `service update` as a list. */
export const updateFlagList: readonly AnyFlag[] = flatten({ ...updateFlags });
