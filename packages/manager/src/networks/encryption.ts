import type { Random } from "@skein/base";
import { OperationError } from "@skein/base";
import type { Network, NetworkKey, NetworkKeyRing, Node } from "@skein/model";
import type { Transaction, View } from "@skein/store";
import type { PlanOutcome } from "../ports.ts";

/** How long a key is used to encrypt unless the managers are told otherwise: Docker's 12 hours, in ms. */
export const DEFAULT_KEY_PERIOD_MS: number = 12 * 3_600_000;

/** Bytes of a secret. */
const SECRET_BYTES = 32;

const OPTION = "encrypted";

/** As in Docker, whatever the option's value. */
export const isEncrypted = ({ driver }: Pick<Network, "driver">): boolean =>
  OPTION in driver.options;

/** Whether the node may be on encrypted networks. */
export const canEncrypt = ({ encryption }: Node): boolean => encryption?.supported === true;

/** Why the node may not, in a sentence. */
export const lackOf = (node: Node | undefined): string =>
  node?.encryption?.supported === false
    ? node.encryption.reason
    : "this node has not said that its kernel has IPsec ESP";

const newKey = (number: number, random: Random): NetworkKey => ({
  number,
  secret: [...random.bytes(SECRET_BYTES)]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join(""),
});

/** A ring to begin with. The first key was never in use: it is there so that there are three. */
const newRing = (now: number, random: Random): NetworkKeyRing => ({
  previous: newKey(1, random),
  current: newKey(2, random),
  next: newKey(3, random),
  rotatedAt: now,
});

/**
 * One key further. Never more at once: a node that has not heard of it takes the next key, but none
 * after that.
 */
const rotated = (
  { current, next }: NetworkKeyRing,
  now: number,
  random: Random,
): NetworkKeyRing => ({
  previous: current,
  current: next,
  next: newKey(next.number + 1, random),
  rotatedAt: now,
});

export interface KeyPlanContext {
  readonly random: Random;
  readonly periodMs: number;
}

/**
 * The cluster has keys exactly while it has an encrypted network, and each is current for one period.
 * A clock that was set far ahead and back again rotates once more.
 */
export const planNetworkKeys = (
  tx: Transaction,
  { random, periodMs }: KeyPlanContext,
): PlanOutcome => {
  const [cluster] = tx.all("clusters").values();
  if (!cluster) return {};
  const { networkKeys: ring, ...rest } = cluster;
  if (![...tx.all("networks").values()].some(isEncrypted)) {
    if (ring) tx.put("clusters", rest);
    return {};
  }
  if (ring && Math.abs(tx.now - ring.rotatedAt) < periodMs)
    return { wakeAt: Math.min(ring.rotatedAt, tx.now) + periodMs };
  const networkKeys = ring ? rotated(ring, tx.now, random) : newRing(tx.now, random);
  tx.put("clusters", { ...cluster, networkKeys });
  return { wakeAt: tx.now + periodMs };
};

/** The keys for one node: those of the cluster, if it is on an encrypted network. */
export const keysFor = (view: View, nodeId: string): NetworkKeyRing | undefined => {
  const [cluster] = view.all("clusters").values();
  if (!cluster?.networkKeys) return undefined;
  const isOn = (view.get("nodes", nodeId)?.attachments ?? []).some(({ networkId }) => {
    const network = view.get("networks", networkId);
    return network !== undefined && isEncrypted(network);
  });
  return isOn ? cluster.networkKeys : undefined;
};

/** Refuses (failed-precondition) an encrypted network that no node could be on, with one node's reason. */
export const checkEncryption = (view: View): void => {
  const nodes = [...view.all("nodes").values()];
  if (nodes.some((node) => node.status.state === "ready" && canEncrypt(node))) return;
  const reasons = nodes.flatMap(({ encryption, description }) =>
    encryption?.supported === false
      ? [`${description?.Hostname ?? "a node"}: ${encryption.reason}`]
      : [],
  );
  throw new OperationError(
    "failed-precondition",
    `encrypted networks need a node whose kernel has IPsec ESP, and no node that is ready has it (${reasons[0] ?? "no node has said so yet"}); create the network without the option "${OPTION}", or add such a node`,
  );
};
