import type { Cluster, Config, Network, Node, RootCa, Secret } from "@skein/model";
import type {
  ClusterInfo,
  Config as ApiConfig,
  Network as ApiNetwork,
  Node as ApiNode,
  NodeDescription,
  Secret as ApiSecret,
  TLSInfo,
} from "@skein/wire";
import { formatTime } from "@skein/wire";
import { issuingRoot } from "../root-rotation/roots.ts";
import { metaOf } from "./meta.ts";

const noDescription: NodeDescription = { Platform: {}, Resources: {}, Engine: {}, TLSInfo: {} };

/** A node as the API shows it. `leaderId` names the manager that leads now. */
export const toApiNode = (node: Node, leaderId: string | undefined): ApiNode => ({
  ...metaOf(node),
  Spec: node.spec,
  Description: node.description ?? noDescription,
  Status: {
    State: node.status.state,
    ...(node.status.message === "" ? {} : { Message: node.status.message }),
    ...(node.status.addr === "" ? {} : { Addr: node.status.addr }),
  },
  // A node that was promoted is a manager to others when it has its place among them.
  ...(node.role === "manager" && node.managerAddr !== undefined
    ? {
        ManagerStatus: {
          ...(node.id === leaderId ? { Leader: true } : {}),
          Reachability:
            node.id === leaderId || node.status.state === "ready" ? "reachable" : "unreachable",
          Addr: node.managerAddr,
        },
      }
    : {}),
});

/** A secret as the API shows it: without its data. */
export const toApiSecret = (secret: Secret): ApiSecret => {
  const { Data: _, ...spec } = secret.spec;
  return { ...metaOf(secret), Spec: spec };
};

/** A config as the API shows it, data included. */
export const toApiConfig = (config: Config): ApiConfig => ({
  ...metaOf(config),
  Spec: config.spec,
});

/** While the root is rotated: the present root, and the next one as the issuer that nodes should have. */
const tlsInfoOf = (rootCa: RootCa): TLSInfo => {
  const { issuer } = issuingRoot(rootCa);
  return {
    TrustRoot: rootCa.certificate,
    CertIssuerSubject: issuer.subject,
    CertIssuerPublicKey: issuer.publicKey,
  };
};

/** The cluster as the API shows it, without tokens and keys. */
export const toClusterInfo = (cluster: Cluster): ClusterInfo => ({
  ...metaOf(cluster),
  Spec: cluster.spec,
  TLSInfo: tlsInfoOf(cluster.rootCa),
  RootRotationInProgress: cluster.rootCa.rotation !== undefined,
  DefaultAddrPool: cluster.defaultAddrPool,
  SubnetSize: cluster.subnetSize,
  DataPathPort: cluster.dataPathPort,
});

/** Where Docker shows which VXLAN a network is. */
const VXLAN_OPTION = "com.docker.network.driver.overlay.vxlanid_list";

/** The options of a network with the identifier that it was given; null for none. */
export const driverOptionsOf = ({ driver, vni }: Network): ApiNetwork["Options"] => {
  const options = { ...driver.options, ...(vni > 0 ? { [VXLAN_OPTION]: String(vni) } : {}) };
  return Object.keys(options).length > 0 ? options : null;
};

/** A cluster network as the API shows it. */
export const toApiNetwork = (network: Network): ApiNetwork => ({
  Name: network.name,
  Id: network.id,
  Created: formatTime(network.createdAt),
  Scope: "swarm",
  Driver: network.driver.name,
  EnableIPv4: true,
  EnableIPv6: network.ipv6,
  IPAM: network.ipam ?? { Driver: "default", Options: null, Config: [] },
  Internal: network.internal,
  Attachable: network.attachable,
  Ingress: network.ingress,
  ConfigFrom: { Network: "" },
  ConfigOnly: false,
  Containers: null,
  Options: driverOptionsOf(network),
  Labels: Object.keys(network.labels).length > 0 ? network.labels : null,
});
