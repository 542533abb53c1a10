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
import { listFlag, stringFlag, wordFlag } from "../../flags/common.ts";
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
import { flatten, makeSharedFlags } from "./flags.ts";
import type { SharedFlags } from "./flags.ts";

/** The flags that only `service create` has. */
export interface CreateOnlyFlags {
  readonly name: Flag<string>;
  readonly mode: Flag<string>;
  readonly label: Flag<string>;
  readonly containerLabel: Flag<string>;
  readonly env: Flag<string>;
  readonly envFile: Flag<string>;
  readonly mount: Flag<Mount>;
  readonly constraint: Flag<string>;
  readonly preference: Flag<PlacementPreference>;
  readonly network: Flag<NetworkAttachmentConfig>;
  readonly secret: Flag<SecretReference>;
  readonly config: Flag<ConfigReference>;
  readonly publish: Flag<readonly PortConfig[]>;
  readonly group: Flag<string>;
  readonly dns: Flag<string>;
  readonly dnsOption: Flag<string>;
  readonly dnsSearch: Flag<string>;
  readonly host: Flag<string>;
  readonly sysctl: Flag<string>;
  readonly ulimit: Flag<Ulimit>;
  readonly genericResource: Flag<string>;
}

const own: CreateOnlyFlags = {
  name: stringFlag("name", "Service name", { complete: { kind: "none" } }),
  mode: wordFlag(
    "mode",
    'Service mode ("replicated", "global", "replicated-job", "global-job")',
    ["replicated", "global", "replicated-job", "global-job"],
    { fallback: '"replicated"' },
  ),
  label: listFlag("label", "Service labels", { short: "l", check: checkLabel }),
  containerLabel: listFlag("container-label", "Container labels", { check: checkLabel }),
  env: listFlag("env", "Set environment variables", { short: "e", check: checkEnv(process.env) }),
  envFile: listFlag("env-file", "Read in a file of environment variables", {
    complete: { kind: "files" },
  }),
  mount: many({
    name: "mount",
    type: "mount",
    description: "Attach a filesystem mount to the service",
    parse: parseMount,
  }),
  constraint: listFlag("constraint", "Placement constraints"),
  preference: many({
    name: "placement-pref",
    type: "pref",
    description: "Add a placement preference",
    parse: parsePreference,
  }),
  network: many({
    name: "network",
    type: "network",
    description: "Network attachments",
    parse: parseNetwork,
    complete: { kind: "networks" },
  }),
  secret: many({
    name: "secret",
    type: "secret",
    description: "Specify secrets to expose to the service",
    parse: parseSecret,
    complete: { kind: "secrets" },
  }),
  config: many({
    name: "config",
    type: "config",
    description: "Specify configurations to expose to the service",
    parse: parseConfig,
    complete: { kind: "configs" },
  }),
  publish: many({
    name: "publish",
    short: "p",
    type: "port",
    description: "Publish a port as a node port",
    parse: parsePorts,
  }),
  group: listFlag("group", "Set one or more supplementary user groups for the container"),
  dns: listFlag("dns", "Set custom DNS servers", { check: checkAddress }),
  dnsOption: listFlag("dns-option", "Set DNS options"),
  dnsSearch: listFlag("dns-search", "Set custom DNS search domains", { check: checkDomain }),
  host: listFlag("host", "Set one or more custom host-to-IP mappings (host:ip)", {
    check: checkHost,
  }),
  sysctl: listFlag("sysctl", "Sysctl options"),
  ulimit: many({
    name: "ulimit",
    type: "ulimit",
    description: "Ulimit options",
    fallback: "[]",
    parse: parseUlimit,
  }),
  genericResource: listFlag("generic-resource", "User defined resources", {
    check: checkGenericResource,
  }),
};

/** The flags of `service create`. */
export const createFlags: SharedFlags & { readonly own: CreateOnlyFlags } = {
  ...makeSharedFlags(true),
  own,
};

/** The flags of `service create` as a list. */
export const createFlagList: readonly AnyFlag[] = flatten({ ...createFlags });
