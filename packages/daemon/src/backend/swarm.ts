import type { Backend } from "@skein/api";
import type { Clock } from "@skein/base";
import { freshView, noLeader, theCluster, toClusterInfo } from "@skein/manager";
import type { ClusterInfo, SwarmInfo } from "@skein/wire";
import type { ManagerRuntime } from "../manager/manager-runtime.ts";
import type { Member } from "../membership/member.ts";
import type { Membership, MembershipState } from "../membership/membership.ts";
import { splitHostPort } from "../membership/addresses.ts";
import { lockedSwarm, notLocked, starting, TWO_MANAGERS } from "../membership/texts.ts";

const clusterInfo = (manager: ManagerRuntime): ClusterInfo =>
  toClusterInfo(theCluster(manager.store.view));

/** A new unlock key counts for this manager's own files before anybody relies on it. */
const sealed = async ({ state }: Membership, clock: Clock): Promise<void> => {
  if (state.kind !== "active" || !state.active.manager) return;
  const { manager, sealing } = state.active;
  await freshView(manager.store, clock).catch(() => {
    // The update is done; the files follow when this manager has heard of it.
  });
  await sealing?.settled();
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
    await sealed(membership, clock);
  },
  unlockKey: async () => {
    const { store } = manager();
    await freshView(store, clock);
    const { unlockKey } = theCluster(store.view);
    await store.barrier();
    return unlockKey;
  },
  unlock: async ({ request }) => {
    if (membership.state.kind !== "locked") {
      manager();
      throw notLocked();
    }
    await membership.unlock(request.UnlockKey);
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

/** Why this node is in its cluster, but not at work. */
const reasonOf = (state: MembershipState): string => {
  if (state.kind === "locked") return lockedSwarm().message;
  return state.kind === "error" ? state.message : "";
};

/** What keeps a manager from its work; empty: nothing. */
const troubleOf = ({ local, manager, managerProblem }: Member): string => {
  if (manager) return manager.candidate.leaderId === undefined ? noLeader().message : "";
  return local.role === "manager" ? (managerProblem ?? starting().message) : "";
};

/** The `Swarm` section of /info and the header of /_ping. */
export const newInfoBackend = (membership: Membership): Backend["info"] => ({
  swarm: async () => {
    const { state } = membership;
    if (state.kind === "inactive") return outside("inactive", "");
    if (state.kind !== "active") {
      const { local } = state;
      return {
        ...outside(state.kind, reasonOf(state)),
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
      Error: troubleOf(state.active),
      RemoteManagers: agent.managers().map(({ nodeId, addr }) => ({ NodeID: nodeId, Addr: addr })),
    };
    if (!manager) return info;
    const nodes = [...manager.store.view.all("nodes").values()];
    const managers = nodes.filter(({ role }) => role === "manager").length;
    await manager.store.barrier().catch(() => {
      // What is shown here is only a count; /info must answer also when the disk does not.
    });
    return {
      ...info,
      Nodes: nodes.length,
      Managers: managers,
      Cluster: clusterInfo(manager),
      ...(managers === 2 ? { Warnings: [TWO_MANAGERS] } : {}),
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
