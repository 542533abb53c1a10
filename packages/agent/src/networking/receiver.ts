import type { DownMessage } from "@skein/model";

/** What managers say of networks. */
export type NetworkMessage = Extract<
  DownMessage,
  { type: "networks" | "network-keys" | "withdrawn" }
>;

/** Who programs this node's networks. */
export interface NetworkReceiver {
  /** Takes a message; calls `applied` with its version when the node's kernel is as it says. */
  receive(message: NetworkMessage, applied: (version: number) => void): void;
}

/** A node without a data plane: it has no networks, so whatever is said is so at once. */
export const noNetworks: NetworkReceiver = {
  receive: (message, applied) => {
    if (message.type === "networks") applied(message.version);
  },
};
