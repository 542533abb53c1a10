import type { Network, RootCa } from "@skein/model";
import type { Draft, Transaction } from "@skein/store";
import type { NetworkCreateRequest, SwarmSpec } from "@skein/wire";
import { createNetwork } from "../control-api/networks.ts";
import { PREDEFINED_LABEL } from "../networks/predefined.ts";
import { createNode } from "./admission.ts";
import type { NewNode } from "./admission.ts";

/** Docker's default pool for overlay subnets and the size of each (behaviour.md, 17.1). */
export const DEFAULT_ADDR_POOL: readonly string[] = ["10.0.0.0/8"];
export const DEFAULT_SUBNET_SIZE = 24;
/** The UDP port of the data path, VXLAN's own. */
export const DEFAULT_DATA_PATH_PORT = 4789;

/** What `swarm init` decides once. */
export interface NewCluster {
  readonly id: string;
  readonly spec: SwarmSpec;
  readonly rootCa: RootCa;
  readonly joinTokens: { readonly worker: string; readonly manager: string };
  readonly unlockKey: string;
  readonly defaultAddrPool: readonly string[];
  readonly subnetSize: number;
  readonly dataPathPort: number;
  readonly externalStore?: true;
  readonly firstNode: NewNode;
  /** Ids for the predefined networks. */
  readonly newId: () => string;
}

/** Networks of each engine that services may name (behaviour.md, 17.6). */
const PREDEFINED_NETWORKS = ["bridge", "host"] as const;
/** Writes the cluster object and the first manager's node, the predefined networks and ingress, in one transaction. */
export const bootstrapCluster = (tx: Transaction, cluster: NewCluster): void => {
  const { firstNode, newId, ...object } = cluster;
  tx.put("clusters", { ...object, revoked: {} });
  createNode(tx, firstNode);
  for (const name of PREDEFINED_NETWORKS) tx.put("networks", predefinedNetwork(newId(), name));
  createNetwork(tx, newId(), ingressRequest);
};

const predefinedNetwork = (id: string, name: string): Draft<Network> => ({
  id,
  name,
  labels: { [PREDEFINED_LABEL]: "true" },
  driver: { name, options: {} },
  subnets: [],
  vni: 0,
  ipv6: false,
  internal: false,
  attachable: false,
  ingress: false,
});

/** The network by which published ports reach tasks: the first of the pool. */
const ingressRequest: NetworkCreateRequest = {
  Name: "ingress",
  Driver: "overlay",
  Scope: "swarm",
  Internal: false,
  Attachable: false,
  Ingress: true,
  ConfigOnly: false,
  Options: null,
  Labels: null,
};
