import { OperationError } from "@skein/base";

const unavailable = (text: string): OperationError => new OperationError("unavailable", text);

/** What a request for the cluster's state gets on a node that can't answer it (api.md, section 1). */
export const notInSwarm = (): OperationError =>
  unavailable(
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect ' +
      "this node to swarm and try again.",
  );

export const workerOnly = (): OperationError =>
  unavailable(
    "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. " +
      "Please run this command on a manager node or promote the current node to a manager.",
  );

/** What a worker says to `docker network create -d overlay`. */
export const workerCreates = (): OperationError =>
  new OperationError(
    "forbidden",
    "Cannot create a multi-host network from a worker node. Please create the network from a manager node.",
  );

export const starting = (): OperationError =>
  unavailable(
    "This node is not a swarm manager. Manager is being prepared or has trouble connecting to the cluster.",
  );

/** Docker's words for a manager that waits for `docker swarm unlock`. */
export const lockedSwarm = (): OperationError =>
  unavailable(
    "Swarm is encrypted and needs to be unlocked before it can be used. " +
      'Please use "docker swarm unlock" to unlock it.',
  );

/** Why a locked manager does not leave without force. */
export const lockedLeaves = (): OperationError =>
  unavailable(
    "Swarm is encrypted and locked. Please unlock it first or use `--force` to ignore this message.",
  );

export const notLocked = (): OperationError =>
  new OperationError("conflict", "swarm is not locked");

export const alreadyInSwarm = (): OperationError =>
  unavailable(
    'This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and join another one.',
  );

export const notPartOfSwarm = (): OperationError => unavailable("This node is not part of a swarm");

export const joinTimedOut = (): OperationError =>
  unavailable(
    "Timeout was reached before node joined. The attempt to join the swarm will continue in the background. " +
      'Use the "docker info" command to see the current swarm status of your node.',
  );

/** What a node that was removed shows until it leaves. */
export const removedFromCluster = (nodeId: string): string =>
  `node ${nodeId} has been removed from the cluster: leave with "docker swarm leave", then join again`;

/** What `docker info` says of a cluster that two managers make no safer than one. */
export const TWO_MANAGERS: string = [
  "WARNING: Running Swarm in a two-manager configuration. This configuration provides",
  "         no fault tolerance, and poses a high risk to lose control over the cluster.",
  "         Refer to https://docs.docker.com/engine/swarm/admin_guide/ to configure the",
  "         Swarm for fault-tolerance.",
].join("\n");
