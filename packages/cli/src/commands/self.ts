import type { Client } from "@skein/sdk";
import { CommandError } from "../command/errors.ts";

/** A node's reference, with `self` replaced by the id of the daemon's own node. */
export const nodeReference = async (client: Client, ref: string): Promise<string> => {
  if (ref !== "self") return ref;
  const { NodeID } = (await client.system.info()).Swarm;
  if (NodeID !== "") return NodeID;
  // Not in a cluster: a cluster route tells why.
  await client.nodes.list();
  throw new CommandError("node ID not found in /info");
};
