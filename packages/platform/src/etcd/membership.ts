import { OperationError } from "@skein/base";
import type { EtcdClient } from "./client.ts";
import { EtcdError } from "./etcd-error.ts";
import type { KnownMember } from "./member-arguments.ts";
import { persist } from "./patience.ts";
import { addressOfPeer, peerUrlOf } from "./peer-address.ts";
import type { EtcdMemberInfo } from "./wire-types.ts";

/** How long a change of the members is tried, and what ends it before. */
export interface ChangeOptions {
  /** Milliseconds; without a quorum etcd would never give up by itself. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A member that was added and may now be started. */
export interface AddedMember {
  readonly id: string;
  /** All others: what its start needs, as `{ kind: "join", members }`. */
  readonly members: readonly KnownMember[];
}

const CHANGE_MS = 30_000;

const NOT_A_LEARNER = "etcdserver: can only promote a learner member";
/** Refusals that pass: the cluster has just changed, a learner has not caught up or is not promoted yet. */
const PASSING =
  /unhealthy cluster|not enough started members|in sync with leader|too many learner|re-configuration/iu;

const mayPass = (error: unknown): boolean =>
  error instanceof EtcdError && (error.isAmbiguous || PASSING.test(error.reason));

const patient = <T>(
  attempt: (call: { readonly timeoutMs: number; readonly signal?: AbortSignal }) => Promise<T>,
  { timeoutMs = CHANGE_MS, signal }: ChangeOptions,
): Promise<T> => persist(attempt, { timeoutMs, signal, retries: mayPass });

const others = (members: readonly EtcdMemberInfo[], id: string): readonly KnownMember[] =>
  members
    .filter((member) => member.id !== id)
    .map(({ id: otherId, name, peerUrls }) => ({
      name: name === "" ? otherId : name,
      address: addressOfPeer(peerUrls[0] ?? ""),
    }));

/**
 * Adds the member that will be reached at `address` (`host:port`), without a vote. Asked again it
 * gives the same member, as long as that has not been started. Rejects with kind `conflict` when a
 * member that has run before is known at the address.
 */
export const addMember = (
  client: EtcdClient,
  address: string,
  options: ChangeOptions = {},
): Promise<AddedMember> => {
  const url = peerUrlOf(address);
  return patient(async (call) => {
    // Looked at on each try: one without an answer may have been carried out.
    const present = (await client.members(call)).find(({ peerUrls }) => peerUrls.includes(url));
    if (present !== undefined && present.name !== "")
      throw new OperationError("conflict", `a member of etcd is known at ${address} already`);
    const { id } = present ?? (await client.addLearner(url, call));
    return { id, members: others(await client.members(call), id) };
  }, options);
};

/** Gives a member its vote once it has caught up. Nothing happens when it has one. */
export const promoteMember = (
  client: EtcdClient,
  id: string,
  options: ChangeOptions = {},
): Promise<void> =>
  patient(async (call) => {
    try {
      await client.promoteMember(id, call);
    } catch (error) {
      if (!(error instanceof EtcdError) || error.reason !== NOT_A_LEARNER) throw error;
    }
  }, options);

/** Removes a member; it stops by itself, and its data is of no use. Nothing happens when it is gone. */
export const removeMember = (
  client: EtcdClient,
  id: string,
  options: ChangeOptions = {},
): Promise<void> =>
  patient(async (call) => {
    try {
      await client.removeMember(id, call);
    } catch (error) {
      if (!(error instanceof EtcdError) || error.kind !== "not-found") throw error;
    }
  }, options);

/** The member is reached at another `host:port` from now on. */
export const moveMember = (
  client: EtcdClient,
  id: string,
  address: string,
  options: ChangeOptions = {},
): Promise<void> => patient((call) => client.updateMember(id, peerUrlOf(address), call), options);

/**
 * If the member of `client` leads, makes another one lead that has a vote: before an orderly stop,
 * so that writes go on at once. Resolves with whether it leads no more, and never rejects for want
 * of another.
 */
export const stepAside = async (
  client: EtcdClient,
  options: ChangeOptions = {},
): Promise<boolean> => {
  const timeoutMs = options.timeoutMs ?? CHANGE_MS;
  const { memberId, leader } = await client.status({ timeoutMs });
  if (leader !== memberId) return true;
  const members = await client.members({ timeoutMs });
  for (const { id, name, isLearner } of members) {
    if (id === memberId || isLearner || name === "") continue;
    try {
      await client.moveLeader(id, { timeoutMs });
      return true;
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error; // that one does not answer: the next one
    }
  }
  return false;
};
