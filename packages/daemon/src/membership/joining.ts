import { networkInterfaces } from "node:os";
import { OperationError } from "@skein/base";
import type { Credentials } from "@skein/platform";
import type { SwarmJoinRequest } from "@skein/wire";
import { CLUSTER_PORT, formatHostPort, resolveAddresses, splitHostPort } from "./addresses.ts";
import type { NodeAddresses } from "./addresses.ts";
import type { LocalState } from "./local-state.ts";
import { checkJoinRequest } from "./requests.ts";

/** A request to join that can be tried. */
export interface JoinPlan {
  readonly addresses: NodeAddresses;
  /** Managers to ask, `host:port`. */
  readonly remotes: readonly string[];
}

/** Reads a request to join. Throws (kind `invalid-parameter`) when it names no manager, or no usable address. */
export const planJoin = (request: SwarmJoinRequest): JoinPlan => {
  checkJoinRequest(request);
  const addresses = resolveAddresses(request, networkInterfaces());
  const remotes = request.RemoteAddrs.map((remote) => {
    const parts = splitHostPort(remote, CLUSTER_PORT);
    if (!parts) throw new OperationError("invalid-parameter", `invalid address "${remote}"`);
    return formatHostPort(parts);
  });
  return { addresses, remotes };
};

/** The membership of a node that was let in. */
export const joinedState = (
  { addresses, remotes }: JoinPlan,
  { identity: { nodeId, clusterId, role } }: Credentials,
): LocalState => ({
  format: 1,
  ...addresses,
  nodeId,
  clusterId,
  role,
  remotes,
  ...(role === "manager" ? { state: "joining" } : {}),
});
