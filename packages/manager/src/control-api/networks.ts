import { OperationError, rpcError } from "@skein/base";
import type { Network, NetworkSubnet, Subnet } from "@skein/model";
import {
  formatSubnet,
  holds,
  overlaps,
  parseAddress,
  parseSubnet,
  validateDnsName,
} from "@skein/model";
import type { Transaction, View } from "@skein/store";
import type { IPAM, IPAMConfig, NetworkCreateRequest } from "@skein/wire";
import { chooseSubnet, chooseVni, firstAddress, subnetsInUse } from "../allocator/subnets.ts";
import { attachmentsOfNetwork } from "../networks/attachments.ts";
import { checkEncryption, isEncrypted } from "../networks/encryption.ts";
import { ingressNetwork, isIngress, isOverlay } from "../networks/needs.ts";
import { theCluster } from "../membership/admission.ts";
import { PREDEFINED_LABEL } from "../networks/predefined.ts";
import { found } from "./versions.ts";

const invalid = (text: string): OperationError => rpcError("invalid-parameter", text);

/** The parts of one subnet that were asked for, checked against each other. */
const readSubnet = (
  config: IPAMConfig,
): { readonly parsed: Subnet; readonly asked: NetworkSubnet } => {
  const text = config.Subnet ?? "";
  const parsed = parseSubnet(text);
  if (!parsed)
    throw new OperationError(
      "invalid-parameter",
      `Invalid subnet ${text} : invalid CIDR address: ${text}`,
    );
  const { IPRange, Gateway } = config;
  const range = IPRange === undefined ? undefined : parseSubnet(IPRange);
  if (IPRange !== undefined && !(range && holds(parsed, range.base)))
    throw invalid(`ipam configuration: subnet ${text} does not contain range ${IPRange}`);
  const gateway = Gateway === undefined ? undefined : parseAddress(Gateway);
  if (Gateway !== undefined && !(gateway && holds(parsed, gateway)))
    throw invalid(`ipam configuration: subnet ${text} does not contain gateway ${Gateway}`);
  return {
    parsed,
    asked: {
      subnet: formatSubnet(parsed),
      ...(range ? { range: formatSubnet(range) } : {}),
      gateway: Gateway ?? firstAddress(parsed),
    },
  };
};

/** A unique local IPv6 subnet (RFC 4193) for the network with this identifier. */
const chooseIpv6 = (clusterId: string, vni: number): string => {
  let hash = 0;
  for (const character of clusterId) hash = (hash * 36 + parseInt(character, 36)) % 0xff_ffff_ffff;
  const hex = hash.toString(16).padStart(10, "0");
  const global = `fd${hex.slice(0, 2)}:${hex.slice(2, 6)}:${hex.slice(6)}`;
  return `${global}:${(vni % 65_536).toString(16)}::/64`;
};

const chooseSubnets = (
  view: View,
  request: NetworkCreateRequest,
  vni: number,
): readonly NetworkSubnet[] => {
  const cluster = theCluster(view);
  const asked = (request.IPAM?.Config ?? []).map(readSubnet);
  const used = subnetsInUse(view);
  for (const [index, { parsed }] of asked.entries()) {
    const others = [...used, ...asked.slice(0, index).map((other) => other.parsed)];
    if (others.some((other) => overlaps(other, parsed)))
      throw new OperationError(
        "forbidden",
        `Pool overlaps with other one on this address space: ${formatSubnet(parsed)} is in use by another network`,
      );
  }
  const subnets = asked.map((one) => one.asked);
  const has = (bits: number): boolean => asked.some(({ parsed }) => parsed.base.bits === bits);
  const complete = (subnet: string): NetworkSubnet => readSubnet({ Subnet: subnet }).asked;
  if (!has(32)) subnets.unshift(complete(chooseSubnet(view, cluster)));
  if (request.EnableIPv6 && !has(128)) subnets.push(complete(chooseIpv6(cluster.id, vni)));
  return subnets;
};

/** Names that mean a network mode of a container, not a network of the cluster. */
const modes = ["bridge", "host", "none", "default"];

const checkName = (view: View, name: string): void => {
  if (name === "") throw new OperationError("invalid-parameter", "invalid name: ");
  if (view.byName("networks", name).length > 0)
    throw new OperationError("conflict", `network with name ${name} already exists`);
  if (modes.includes(name))
    throw new OperationError(
      "forbidden",
      `operation is not permitted on predefined ${name} network`,
    );
};

const checkDriver = (view: View, request: NetworkCreateRequest): void => {
  if (request.Driver === "") throw invalid("driver name: if driver is specified name is required");
  if (request.Driver !== "overlay")
    throw new OperationError("not-found", `plugin "${request.Driver}" not found`);
  if (request.Scope !== "" && request.Scope !== "swarm")
    throw new OperationError("forbidden", "cannot downgrade network scope for overlay networks");
  if (isEncrypted({ driver: { name: request.Driver, options: request.Options ?? {} } }))
    checkEncryption(view);
  const ipamDriver = request.IPAM?.Driver ?? "";
  if (ipamDriver !== "" && ipamDriver !== "default")
    throw invalid(`error during lookup of plugin ${ipamDriver}`);
};

const checkIngress = (view: View, request: NetworkCreateRequest): void => {
  if (!request.Ingress) return;
  if (request.Attachable) throw invalid("ingress network cannot be attachable");
  const present = ingressNetwork(view);
  if (present) throw rpcError("conflict", `ingress network (${present.id}) is already present`);
};

const shownIpam = (request: NetworkCreateRequest, subnets: readonly NetworkSubnet[]): IPAM => ({
  Driver: "default",
  Options:
    Object.keys(request.IPAM?.Options ?? {}).length > 0 ? (request.IPAM?.Options ?? null) : null,
  Config: subnets.map(({ subnet, range, gateway }) => ({
    Subnet: subnet,
    ...(range === undefined ? {} : { IPRange: range }),
    Gateway: gateway,
  })),
});

/**
 * Adds an overlay network with its subnets and its VXLAN identifier. Refuses, with Docker's texts, a
 * bad or taken name, subnets that overlap, and what lies outside of its subnet.
 */
export const createNetwork = (
  tx: Transaction,
  id: string,
  request: NetworkCreateRequest,
): Network => {
  const name = request.Name;
  checkName(tx, name);
  if (PREDEFINED_LABEL in (request.Labels ?? {}))
    throw rpcError(
      "forbidden",
      `label ${PREDEFINED_LABEL} is for internally created predefined networks and cannot be applied by users`,
    );
  validateDnsName(name);
  checkIngress(tx, request);
  checkDriver(tx, request);
  const vni = chooseVni(tx);
  const subnets = chooseSubnets(tx, request, vni);
  return tx.put("networks", {
    id,
    name,
    labels: request.Labels ?? {},
    driver: { name: request.Driver, options: request.Options ?? {} },
    ipam: shownIpam(request, subnets),
    subnets,
    vni,
    ipv6: request.EnableIPv6 ?? false,
    internal: request.Internal,
    attachable: request.Attachable,
    ingress: request.Ingress,
  });
};

const isUsedByService = (view: View, network: Network): string | undefined => {
  for (const { id, spec } of view.all("services").values()) {
    const targets = [...(spec.TaskTemplate.Networks ?? []), ...(spec.Networks ?? [])];
    if (targets.some(({ Target }) => Target === network.id)) return id;
  }
  return undefined;
};

const checkIngressUnused = (view: View): void => {
  for (const { id, spec } of view.all("services").values())
    if ((spec.EndpointSpec?.Ports ?? []).some(isIngress))
      throw rpcError(
        "failed-precondition",
        `ingress network cannot be removed because service ${id} depends on it`,
      );
};

/**
 * Removes a network that no service and no container uses; otherwise refuses, naming the user. Tasks of services that
 * were just removed keep it until they have ended.
 */
export const removeNetwork = (tx: Transaction, id: string): void => {
  const network = found(tx.get("networks", id), "network", id);
  if (!isOverlay(network))
    throw new OperationError(
      "forbidden",
      `${network.name} is a pre-defined network and cannot be removed`,
    );
  if (network.ingress) checkIngressUnused(tx);
  const service = isUsedByService(tx, network);
  if (service !== undefined)
    throw rpcError("failed-precondition", `network ${network.id} is in use by service ${service}`);
  const [container] = attachmentsOfNetwork(tx, id);
  if (container)
    throw rpcError(
      "failed-precondition",
      `network ${network.id} is in use by container ${container.name} on node ${container.nodeId}`,
    );
  if (tx.tasksOfNetwork(id).size > 0) tx.put("networks", { ...network, removing: true });
  else tx.delete("networks", id);
};
