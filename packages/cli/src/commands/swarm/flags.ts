import type { ExternalCA } from "@skein/wire";
import { many, one } from "../../command/flag.ts";
import type { AnyFlag, Flag } from "../../command/flag.ts";
import {
  booleanFlag,
  durationFlag,
  integerFlag,
  stringFlag,
  unsignedFlag,
  wordFlag,
} from "../../flags/common.ts";
import { parseExternalCa, readPem } from "../../flags/references.ts";
import { parseCidr, parseListenAddress } from "../../flags/values.ts";

const availability: Flag<string> = wordFlag(
  "availability",
  'Availability of the node ("active", "pause", "drain")',
  ["active", "pause", "drain"],
  { fallback: '"active"' },
);

/** Where a node is reached. */
export interface AddressFlags {
  readonly availability: Flag<string>;
  readonly advertise: Flag<string>;
  readonly dataPath: Flag<string>;
  readonly listen: Flag<string>;
}

const address: AddressFlags = {
  availability,
  advertise: stringFlag("advertise-addr", 'Advertised address (format: "<ip|interface>[:port]")'),
  dataPath: stringFlag(
    "data-path-addr",
    'Address or interface to use for data path traffic (format: "<ip|interface>")',
  ),
  listen: one({
    name: "listen-addr",
    type: "node-addr",
    description: 'Listen address (format: "<ip|interface>[:port]")',
    fallback: "0.0.0.0:2377",
    parse: parseListenAddress,
  }),
};

/** Settings of the certificate authority. */
interface AuthorityFlags {
  readonly certExpiry: Flag<number>;
  readonly externalCa: Flag<ExternalCA>;
}

const authority: AuthorityFlags = {
  certExpiry: durationFlag(
    "cert-expiry",
    "Validity period for node certificates (ns|us|ms|s|m|h)",
    { fallback: "2160h0m0s" },
  ),
  externalCa: many({
    name: "external-ca",
    type: "external-ca",
    description: "Specifications of one or more certificate signing endpoints",
    parse: parseExternalCa,
  }),
};

/** Settings of the cluster. */
export interface ClusterFlags extends AuthorityFlags {
  readonly heartbeat: Flag<number>;
  readonly maxSnapshots: Flag<number>;
  readonly snapshotInterval: Flag<number>;
  readonly historyLimit: Flag<number>;
}

const cluster: ClusterFlags = {
  ...authority,
  heartbeat: durationFlag("dispatcher-heartbeat", "Dispatcher heartbeat period (ns|us|ms|s|m|h)", {
    fallback: "5s",
  }),
  maxSnapshots: unsignedFlag("max-snapshots", "Number of additional Raft snapshots to retain"),
  snapshotInterval: unsignedFlag(
    "snapshot-interval",
    "Number of log entries between Raft snapshots",
    { fallback: "10000" },
  ),
  historyLimit: integerFlag("task-history-limit", "Task history retention limit", {
    fallback: "5",
  }),
};

/** Flags of `swarm init` alone. */
export interface InitFlags {
  readonly autolock: Flag<boolean>;
  readonly dataPathPort: Flag<number>;
  readonly pool: Flag<readonly string[]>;
  readonly poolMask: Flag<number>;
  readonly forceNewCluster: Flag<boolean>;
}

const init: InitFlags = {
  autolock: booleanFlag(
    "autolock",
    "Enable manager autolocking (requiring an unlock key to start a stopped manager)",
  ),
  dataPathPort: unsignedFlag(
    "data-path-port",
    "Port number to use for data path traffic (1024 - 49151). If no value is set or is set to 0, the default port (4789) is used.",
    { type: "uint32" },
  ),
  pool: many({
    name: "default-addr-pool",
    type: "ipNetSlice",
    description: "default address pool in CIDR format",
    fallback: "[]",
    parse: (text: string) => text.split(",").map(parseCidr),
  }),
  poolMask: unsignedFlag(
    "default-addr-pool-mask-length",
    "default address pool subnet mask length",
    { type: "uint32", fallback: "24" },
  ),
  forceNewCluster: booleanFlag(
    "force-new-cluster",
    "Force create a new cluster from current state",
  ),
};

const pemFlag = (name: string, what: string): Flag<string> =>
  one({
    name,
    type: "pem-file",
    description: `Path to the PEM-formatted root CA ${what} to use for the new cluster`,
    parse: readPem,
    complete: { kind: "files" },
  });

/** Where a node is reached: init and join. */
export const addressFlags: AddressFlags = address;

/** The cluster's settings: init and update. */
export const clusterFlags: ClusterFlags = cluster;

/** Flags of `swarm init` alone. */
export const initFlags: InitFlags = init;

/** `--token` of `swarm join`. */
export const tokenFlag: Flag<string> = stringFlag("token", "Token for entry into the swarm");

/** `--autolock` of `swarm update`. */
export const autolockFlag: Flag<boolean> = booleanFlag(
  "autolock",
  "Change manager autolocking setting (true|false)",
);

/** `--force` of `swarm leave`. */
export const forceLeave: Flag<boolean> = booleanFlag(
  "force",
  "Force this node to leave the swarm, ignoring warnings",
  { short: "f" },
);

/** `--quiet` of commands that show a token or key. */
export const quietToken: Flag<boolean> = booleanFlag("quiet", "Only display token", {
  short: "q",
});

/** `--rotate` of `swarm join-token`. */
export const rotateToken: Flag<boolean> = booleanFlag("rotate", "Rotate join token");

/** `--rotate` of `swarm unlock-key`. */
export const rotateKey: Flag<boolean> = booleanFlag("rotate", "Rotate unlock key");

/** Flags of `swarm ca`. */
export interface CaFlags extends AuthorityFlags {
  readonly cert: Flag<string>;
  readonly key: Flag<string>;
  readonly rotate: Flag<boolean>;
  readonly detach: Flag<boolean>;
  readonly quiet: Flag<boolean>;
}

const ca: CaFlags = {
  ...authority,
  cert: pemFlag("ca-cert", "certificate"),
  key: pemFlag("ca-key", "key"),
  rotate: booleanFlag(
    "rotate",
    "Rotate the swarm CA - if no certificate or key are provided, new ones will be generated",
  ),
  detach: booleanFlag(
    "detach",
    "Exit immediately instead of waiting for the root rotation to converge",
    { short: "d" },
  ),
  quiet: booleanFlag("quiet", "Suppress progress output", { short: "q" }),
};

/** Flags of `swarm ca`. */
export const caFlags: CaFlags = ca;

/** Flags of a group as a list. */
export const listOf = (...groups: readonly object[]): readonly AnyFlag[] =>
  groups.flatMap((group) => Object.values(group) as AnyFlag[]);
