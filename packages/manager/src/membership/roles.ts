import { rpcError } from "@skein/base";
import type { Node } from "@skein/model";
import type { Transaction, View } from "@skein/store";
import type { NodeSpec } from "@skein/wire";
import { missingEtcd, theCluster } from "./admission.ts";

/** A member of the store's quorum, as the store itself lists it. */
export interface QuorumMember {
  /** The store's own id of it. */
  readonly id: string;
  /** The node id; empty until the member has started for the first time. */
  readonly name: string;
  /** `host:port` at which the others reach it. */
  readonly addr: string;
  /** It still catches up and has no vote. */
  readonly learner: boolean;
}

/** What is to be done so that the quorum is made of the nodes that are to be managers. */
export type MemberStep =
  /** Give a learner its vote, when it has caught up. */
  | { readonly kind: "promote"; readonly member: QuorumMember }
  /** Take a member out: its node is to be a worker, or is not in the cluster any more. */
  | { readonly kind: "remove"; readonly member: QuorumMember }
  /** The manager is reached at another address than the others know. */
  | { readonly kind: "readdress"; readonly member: QuorumMember; readonly addr: string }
  /** The one to be taken out leads: another one must, first. */
  | { readonly kind: "step-down" }
  /** The node is out of the quorum, and becomes a worker. */
  | { readonly kind: "release"; readonly nodeId: string };

/** Nodes that are managers, or are on their way out of it. */
const managers = (view: View): readonly Node[] =>
  [...view.all("nodes").values()].filter(({ role }) => role === "manager");

const nodeOf = (view: View, { name, addr }: QuorumMember): Node | undefined =>
  view.get("nodes", name) ?? managers(view).find(({ managerAddr }) => managerAddr === addr);

const isWanted = (node: Node | undefined): boolean => node?.spec.Role === "manager";

const stepsFor = (member: QuorumMember, { managerAddr }: Node): readonly MemberStep[] => {
  if (member.learner) return [{ kind: "promote", member }];
  const moved = managerAddr !== undefined && managerAddr !== member.addr;
  return moved ? [{ kind: "readdress", member, addr: managerAddr }] : [];
};

/**
 * The steps from the quorum as it is to the one that the nodes' specs want. Level-triggered: whoever
 * leads asks again and again. `self` is the leader's node id.
 */
export const planMembers = (
  view: View,
  members: readonly QuorumMember[],
  self: string,
): readonly MemberStep[] => {
  const steps = members.flatMap((member): readonly MemberStep[] => {
    const node = nodeOf(view, member);
    if (node && isWanted(node)) return stepsFor(member, node);
    return [node?.id === self ? { kind: "step-down" } : { kind: "remove", member }];
  });
  const held = new Set(members.map((member) => nodeOf(view, member)?.id));
  const released = managers(view).filter((node) => !isWanted(node) && !held.has(node.id));
  return [...steps, ...released.map(({ id }) => ({ kind: "release", nodeId: id }) as const)];
};

/** The node as one that is no manager, and shall be none. */
export const asWorker = (node: Node): Omit<Node, "managerAddr"> => {
  const { managerAddr: _, ...rest } = node;
  return { ...rest, role: "worker", spec: { ...node.spec, Role: "worker" } };
};

/** A node that was taken out of the quorum is a worker from now on. */
export const releaseManager = (tx: Transaction, nodeId: string): void => {
  const node = tx.get("nodes", nodeId);
  if (!node || isWanted(node)) return;
  const { managerAddr: _, ...rest } = node;
  tx.put("nodes", { ...rest, role: "worker" });
};

/** A manager leaves the cluster for good: it is to be a worker, which then is away. */
export const withdrawManager = (tx: Transaction, nodeId: string): void => {
  const node = tx.get("nodes", nodeId);
  if (node) tx.put("nodes", { ...node, spec: { ...node.spec, Role: "worker" } });
};

/**
 * Where a manager's cluster API is reached from now on. One that was there before is gone: its host
 * has lost its disk, and comes as a new node. It is a worker then, which is away.
 */
export const recordManagerAddress = (tx: Transaction, nodeId: string, addr: string): void => {
  for (const other of managers(tx))
    if (other.id !== nodeId && other.managerAddr === addr) tx.put("nodes", asWorker(other));
  const node = tx.get("nodes", nodeId);
  if (node && node.managerAddr !== addr) tx.put("nodes", { ...node, managerAddr: addr });
};

/** How many of `count` managers must be there for changes to be made. */
const quorumOf = (count: number): number => Math.floor(count / 2) + 1;

const checkDemotion = (view: View, node: Node): void => {
  const wanted = managers(view).filter(isWanted);
  const others = wanted.filter(({ id }) => id !== node.id);
  if (others.length === 0)
    throw rpcError("failed-precondition", "attempting to demote the last manager of the swarm");
  const reachable = others.filter(({ status }) => status.state === "ready");
  if (reachable.length < quorumOf(others.length))
    throw rpcError(
      "failed-precondition",
      "can't remove member from the raft: this would result in a loss of quorum",
    );
};

const checkPromotion = (view: View, node: Node): void => {
  if (theCluster(view).externalStore === true || node.etcd !== undefined) return;
  throw rpcError(
    "failed-precondition",
    missingEtcd(`node ${node.description?.Hostname ?? node.id}`),
  );
};

/**
 * Refuses role changes that would lose the cluster's managers (behaviour.md, sections 2 and 19), and
 * promotions that could not be carried out.
 */
export const checkRoleChange = (view: View, node: Node, spec: NodeSpec): void => {
  if (node.spec.Role === spec.Role) return;
  if (spec.Role === "manager") checkPromotion(view, node);
  else checkDemotion(view, node);
};
