import { deepEqual } from "@skein/base";
import type {
  Attachment,
  Network,
  NetworkSubnet,
  Node,
  RefusedPlace,
  TaskNetwork,
  WantedAttachment,
  WantedPlace,
} from "@skein/model";
import { holds, parseAddress, parseSubnet } from "@skein/model";
import type { Transaction, View } from "@skein/store";
import type { AddressAllocator } from "../allocator/addresses.ts";
import { canEncrypt, isEncrypted, lackOf } from "./encryption.ts";

/** The containers outside of services of one node. */
export const attachmentsOfNode = (view: View, nodeId: string): readonly Attachment[] =>
  [...view.all("attachments").values()].filter((one) => one.nodeId === nodeId);

/** The containers outside of services that are on a network. */
export const attachmentsOfNetwork = (view: View, networkId: string): readonly Attachment[] =>
  [...view.all("attachments").values()].filter(({ networks }) =>
    networks.some((held) => held.networkId === networkId),
  );

/** Frees everything that the containers of a node hold, tasks apart. */
export const releaseAttachments = (tx: Transaction, nodeId: string): void => {
  for (const { id } of attachmentsOfNode(tx, nodeId)) tx.delete("attachments", id);
};

type Refusal = Pick<RefusedPlace, "kind" | "message">;
type Outcome = { readonly place: TaskNetwork } | { readonly refusal: Refusal };

const refuse = (kind: RefusedPlace["kind"], message: string): { readonly refusal: Refusal } => ({
  refusal: { kind, message },
});

const isWithin = ({ subnet }: NetworkSubnet, text: string): boolean => {
  const [whole, address] = [parseSubnet(subnet), parseAddress(text)];
  return whole !== undefined && address !== undefined && holds(whole, address);
};

/** Docker's words for what an attachment is refused for, or undefined. */
const refusalOf = (
  node: Node | undefined,
  network: Network | undefined,
  { networkId, addresses, fixed }: WantedPlace,
): Refusal | undefined => {
  if (!network || network.removing)
    return { kind: "not-found", message: `network ${networkId} not found` };
  if (!network.attachable || network.ingress)
    return { kind: "forbidden", message: `network ${network.name} not manually attachable` };
  if (isEncrypted(network) && !(node && canEncrypt(node)))
    return {
      kind: "failed-precondition",
      message: `network ${network.name} is encrypted: ${lackOf(node)}`,
    };
  const stray = addresses.find((text) => !network.subnets.some((subnet) => isWithin(subnet, text)));
  if (fixed && stray !== undefined)
    return {
      kind: "invalid-parameter",
      message: `Invalid address ${stray}: It does not belong to any of this network's subnets`,
    };
  return undefined;
};

interface Claim {
  readonly holder: string;
  readonly network: Network;
  readonly wanted: WantedPlace;
  /** What the container holds there now. */
  readonly held: readonly string[];
}

/** One address per subnet: the one asked for, or had, if it is free, else any. */
const takeAddresses = (
  tx: Transaction,
  { holder, network, wanted, held }: Claim,
  allocator: AddressAllocator,
): Outcome => {
  const isFree = (text: string): boolean => {
    const other = tx.addressHolder(network.id, text);
    return other === undefined || other === holder;
  };
  const taken = wanted.addresses.find((text) => !isFree(text));
  if (wanted.fixed && taken !== undefined)
    return refuse("failed-precondition", `Address ${taken} is already in use on ${network.name}`);
  const wishes = [...wanted.addresses, ...held].filter(isFree);
  const had = network.subnets.map((subnet) => wishes.find((text) => isWithin(subnet, text)));
  const fresh = had.includes(undefined) ? allocator.take(tx, network) : [];
  const addresses = had.flatMap((text, index) => text ?? fresh?.[index] ?? []);
  if (addresses.length < network.subnets.length) {
    const subnets = network.subnets.map(({ subnet }) => subnet).join(", ");
    const text = `no address is left in network ${network.name} (${subnets})`;
    return refuse("failed-precondition", text);
  }
  return { place: { networkId: network.id, addresses, aliases: wanted.aliases } };
};

const applyOne = (
  tx: Transaction,
  nodeId: string,
  wanted: WantedAttachment,
  allocator: AddressAllocator,
): readonly RefusedPlace[] => {
  const { id, name } = wanted;
  const before = tx.get("attachments", id);
  const refused: RefusedPlace[] = [];
  const networks = wanted.networks.flatMap((place): readonly TaskNetwork[] => {
    const { networkId } = place;
    const network = tx.get("networks", networkId);
    const refusal = refusalOf(tx.get("nodes", nodeId), network, place);
    const held = before?.networks.find((one) => one.networkId === networkId)?.addresses ?? [];
    const claim = network && { holder: `attachments/${id}`, network, wanted: place, held };
    const outcome: Outcome =
      refusal || !claim
        ? { refusal: refusal ?? { kind: "not-found", message: `network ${networkId} not found` } }
        : takeAddresses(tx, claim, allocator);
    if ("place" in outcome) return [outcome.place];
    refused.push({ id, networkId, ...outcome.refusal });
    return [];
  });
  const after = { id, nodeId, name, networks };
  if (networks.length === 0) tx.delete("attachments", id);
  else if (
    !before ||
    !deepEqual({ id, nodeId: before.nodeId, name: before.name, networks: before.networks }, after)
  )
    tx.put("attachments", after);
  return refused;
};

/**
 * Makes the attachments of a node what its agent says they are: frees what is not named, and gives
 * addresses to what is new. An address that was asked for is given if nobody else has it. Returns the
 * places that were refused, in Docker's words; the others are given all the same.
 */
export const applyAttachments = (
  tx: Transaction,
  { nodeId, containers }: { nodeId: string; containers: readonly WantedAttachment[] },
  allocator: AddressAllocator,
): readonly RefusedPlace[] => {
  if (!tx.get("nodes", nodeId)) return [];
  const named = new Set(containers.map(({ id }) => id));
  for (const { id } of attachmentsOfNode(tx, nodeId))
    if (!named.has(id)) tx.delete("attachments", id);
  return containers.flatMap((wanted) => applyOne(tx, nodeId, wanted, allocator));
};
