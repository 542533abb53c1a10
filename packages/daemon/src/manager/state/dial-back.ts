import { messageOf, OperationError } from "@skein/base";
import { connectRpc } from "@skein/platform";
import type { Credentials } from "@skein/platform";

/** How long the other manager has to answer, in milliseconds. */
const CONNECT_MS = 4000;

/**
 * Makes sure that a node that is to be a manager is reached at its address. Rejects (kind
 * `failed-precondition`), naming address and port, when nobody or somebody else answers there.
 */
export const dialBack = async (
  nodeId: string,
  address: string,
  credentials: Credentials,
): Promise<void> => {
  const refuse = (reason: string): OperationError =>
    new OperationError(
      "failed-precondition",
      `the leader can't reach the new manager at ${address} (TCP): ${reason}; open that port between the ` +
        "managers, or have the node join again with another --advertise-addr",
    );
  try {
    const as = { kind: "node", credentials } as const;
    const connection = await connectRpc({ address, as, connectTimeoutMs: CONNECT_MS });
    await connection.close();
    if (connection.server?.nodeId === nodeId) return;
  } catch (error) {
    throw refuse(messageOf(error));
  }
  throw refuse("another manager answers there");
};
