import { callJson } from "./engine-client.ts";
import type { HostPlan, PlaygroundPlan } from "./plan.ts";

interface Info {
  readonly Swarm?: { readonly LocalNodeState?: string };
}

interface Swarm {
  readonly JoinTokens: { readonly Manager: string; readonly Worker: string };
}

const inCluster = async (host: HostPlan): Promise<boolean> => {
  const info = (await callJson(host.socket, { method: "GET", path: "/info" })) as Info;
  return !["inactive", "", undefined].includes(info.Swarm?.LocalNodeState);
};

/** The settings of a node on its own address, for both init and join. */
const addresses = (host: HostPlan): Readonly<Record<string, string>> => ({
  ListenAddr: "0.0.0.0:2377",
  AdvertiseAddr: host.address,
});

const join = async (
  host: HostPlan,
  manager: HostPlan,
  tokens: Swarm["JoinTokens"],
): Promise<void> => {
  if (await inCluster(host)) return;
  const JoinToken = host.role === "manager" ? tokens.Manager : tokens.Worker;
  const RemoteAddrs = [`${manager.address}:2377`];
  const body = { ...addresses(host), RemoteAddrs, JoinToken };
  await callJson(host.socket, { method: "POST", path: "/swarm/join", body });
};

/** Makes one cluster of all hosts. Those that are in one already stay as they are. */
export const formCluster = async (plan: PlaygroundPlan): Promise<void> => {
  const [first, ...others] = plan.hosts;
  if (first === undefined) return;
  if (!(await inCluster(first)))
    await callJson(first.socket, { method: "POST", path: "/swarm/init", body: addresses(first) });
  const swarm = (await callJson(first.socket, { method: "GET", path: "/swarm" })) as Swarm;
  // A quorum grows by one manager at a time; workers do not wait for each other.
  for (const host of others.filter(({ role }) => role === "manager"))
    await join(host, first, swarm.JoinTokens);
  await Promise.all(
    others
      .filter(({ role }) => role === "worker")
      .map((host) => join(host, first, swarm.JoinTokens)),
  );
};
