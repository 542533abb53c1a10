import type { Node, NodeState } from "@skein/model";
import type { Transaction } from "@skein/store";

/** Heartbeats that may be missed before a node counts as down. */
const MISSED_HEARTBEATS = 3;

/**
 * How often agents beat, in milliseconds. Docker's `--dispatcher-heartbeat` (5 s by default, in
 * nanoseconds) is kept as the setting; agents beat two and a half times as often, so that with the
 * default three missed beats make 6 s (the reference needs about 15 s).
 */
export const heartbeatMs = (periodNanoseconds: number): number =>
  Math.max(100, Math.round((periodNanoseconds / 1e6) * 0.4));

/** How long a node may be silent, or away after its connection closed, before it is down. */
export const silenceMs = (periodNanoseconds: number): number =>
  heartbeatMs(periodNanoseconds) * MISSED_HEARTBEATS;

const withState = (node: Node, state: NodeState, message: string, now: number): Node => {
  const { downSince: _, ...rest } = node;
  const status = { ...node.status, state, message };
  return state === "down" ? { ...rest, status, downSince: now } : { ...rest, status };
};

/** Records that a node is suspect or down. Nothing happens to a node that is down already or gone. */
export const markNode = (
  tx: Transaction,
  nodeId: string,
  state: "disconnected" | "down",
  message: string,
): void => {
  const node = tx.get("nodes", nodeId);
  if (!node || node.status.state === "down" || node.status.state === state) return;
  tx.put("nodes", withState(node, state, message, tx.now));
};

/** Records that a node's agent is here. */
export const markReady = (tx: Transaction, node: Node, news: Partial<Node>): Node => {
  const ready = withState({ ...node, ...news }, "ready", "", tx.now);
  return tx.put("nodes", ready);
};
