import type { Backend } from "@skein/api";
import type { Clock } from "@skein/base";
import { OperationError } from "@skein/base";
import { freshView, theCluster, toClusterInfo } from "@skein/manager";
import { clusterTlsInfo } from "@skein/platform";
import type { ClusterInfo, SwarmInfo } from "@skein/wire";
import type { ManagerRuntime } from "../manager/manager-runtime.ts";
import type { Membership } from "../membership/membership.ts";
import { splitHostPort } from "../membership/addresses.ts";

const clusterInfo = (manager: ManagerRuntime): ClusterInfo => {
  const cluster = theCluster(manager.store.view);
  return toClusterInfo(cluster, clusterTlsInfo(cluster.rootCa.certificate));
};

/** Membership of this node and the cluster object. */
export const newSwarmBackend = (
  membership: Membership,
  manager: () => ManagerRuntime,
  clock: Clock,
): Backend["swarm"] => ({
  init: ({ request }) => membership.init(request),
  join: ({ request }) => membership.join(request),
  leave: ({ force }) => membership.leave(force),
  inspect: async () => {
    const running = manager();
    await freshView(running.store, clock);
    const { worker, manager: managers } = theCluster(running.store.view).joinTokens;
    const info = clusterInfo(running);
    await running.store.barrier();
    return { ...info, JoinTokens: { Worker: worker, Manager: managers } };
  },
  update: async (input) => {
    await manager().perform("swarm.update", input);
  },
  unlockKey: async () => {
    const { store } = manager();
    await freshView(store, clock);
    const { unlockKey } = theCluster(store.view);
    await store.barrier();
    return unlockKey;
  },
  unlock: async () => {
    manager();
    throw new OperationError("conflict", "swarm is not locked");
  },
});

const outside = (state: SwarmInfo["LocalNodeState"], error: string): SwarmInfo => ({
  NodeID: "",
  NodeAddr: "",
  LocalNodeState: state,
  ControlAvailable: false,
  Error: error,
  RemoteManagers: null,
});

/** The `Swarm` section of /info and the header of /_ping. */
export const newInfoBackend = (membership: Membership): Backend["info"] => ({
  swarm: async () => {
    const { state } = membership;
    if (state.kind === "inactive") return outside("inactive", "");
    if (state.kind !== "active") {
      const { local } = state;
      const message = state.kind === "error" ? state.message : "";
      return {
        ...outside(state.kind, message),
        NodeID: local?.nodeId ?? "",
        NodeAddr: splitHostPort(local?.advertiseAddr ?? "", 0)?.host ?? "",
      };
    }
    const { local, agent, manager } = state.active;
    const info: SwarmInfo = {
      NodeID: local.nodeId,
      NodeAddr: splitHostPort(local.advertiseAddr, 0)?.host ?? "",
      LocalNodeState: "active",
      ControlAvailable: manager !== undefined,
      Error: "",
      RemoteManagers: agent.managers().map(({ nodeId, addr }) => ({ NodeID: nodeId, Addr: addr })),
    };
    if (!manager) return info;
    const nodes = [...manager.store.view.all("nodes").values()];
    await manager.store.barrier().catch(() => {
      // What is shown here is only a count; /info must answer also when the disk does not.
    });
    return {
      ...info,
      Nodes: nodes.length,
      Managers: nodes.filter(({ role }) => role === "manager").length,
      Cluster: clusterInfo(manager),
    };
  },
  status: () => {
    const { state } = membership;
    return {
      state: state.kind,
      manager: state.kind === "active" && state.active.manager !== undefined,
    };
  },
});
