import { networkInterfaces } from "node:os";
import { OperationError } from "@skein/base";
import type { SwarmInitRequest } from "@skein/wire";
import { CLUSTER_PORT, resolveAddresses, splitHostPort } from "./addresses.ts";
import type { Interfaces } from "./addresses.ts";
import { KeyFiles } from "./key-files.ts";
import type { LocalState } from "./local-state.ts";
import type { Beginning } from "./member.ts";
import type { MembershipState } from "./membership-state.ts";
import { lockedSwarm, starting, workerOnly } from "./texts.ts";

/** What the stock CLI sends for `--listen-addr` when it is not given. */
const UNSAID = ["", `0.0.0.0:${CLUSTER_PORT}`];

/** Whether a setting says anything: zero, false, empty and nested values of these do not. */
const says = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null) return Boolean(value);
  return Object.values(value).some(says);
};

/**
 * Refuses settings: the cluster keeps those that it has. Its node's addresses are the only thing
 * that may change. Throws kind `invalid-parameter`.
 */
export const checkForced = (request: SwarmInitRequest): void => {
  const { Name: _, ...spec } = request.Spec;
  const asked = [spec, request.AutoLockManagers, request.DefaultAddrPool, request.DataPathPort];
  if (asked.some(says))
    throw new OperationError(
      "invalid-parameter",
      "--force-new-cluster keeps the settings that the cluster has: change them with docker swarm update " +
        "afterwards; address pools and the data path port can't be changed",
    );
};

/** The node's addresses: those that are asked for, and else those that it has. Throws as `resolveAddresses` does. */
export const forcedAddresses = (
  request: Pick<SwarmInitRequest, "ListenAddr" | "AdvertiseAddr" | "DataPathAddr">,
  local: LocalState,
  interfaces: Interfaces = networkInterfaces(),
): Pick<LocalState, "listenAddr" | "advertiseAddr" | "dataPathAddr"> => {
  const keep = UNSAID.includes(request.ListenAddr);
  const listen = keep ? local.listenAddr : request.ListenAddr;
  const former = splitHostPort(local.advertiseAddr, CLUSTER_PORT)?.host;
  const sharesAddress = local.dataPathAddr === former;
  return resolveAddresses(
    {
      ListenAddr: listen,
      AdvertiseAddr: request.AdvertiseAddr || local.advertiseAddr,
      DataPathAddr: request.DataPathAddr || (sharesAddress ? "" : local.dataPathAddr),
    },
    interfaces,
  );
};

/** A manager's membership that can go on by itself: it has the cluster's state, and the keys to it. */
export const standingOf = async (
  state: MembershipState,
  dataDir: string,
): Promise<Pick<Beginning, "local" | "credentials" | "files">> => {
  switch (state.kind) {
    case "locked":
      throw lockedSwarm();
    case "active":
      return checked(state.active.standing());
    case "error": {
      const { local } = state;
      if (!local) throw new OperationError("internal", state.message);
      const opened = local.role === "manager" ? await KeyFiles.open(dataDir) : undefined;
      if (opened?.kind === "locked") throw lockedSwarm();
      if (!opened) throw workerOnly();
      return checked({ local, ...opened });
    }
    case "pending":
    case "inactive":
      throw starting();
  }
};

const checked = <T extends { readonly local: LocalState }>(standing: T): T => {
  const { role, state } = standing.local;
  if (role === "worker") throw workerOnly();
  if (state === "external")
    throw new OperationError(
      "failed-precondition",
      "the state of this cluster is in the etcd of --store-endpoints, and lost with no manager: demote those that are lost",
    );
  if (state === "joining")
    throw new OperationError(
      "failed-precondition",
      "this manager has no place among the others, and nothing of the cluster's state. Use " +
        "--force-new-cluster on a manager that has, or restore a backup",
    );
  return standing;
};
