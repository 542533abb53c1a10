import { createClient } from "@skein/sdk";
import type { Client } from "@skein/sdk";
import type { HostPlan, PlaygroundPlan } from "./plan.ts";
import { eventually } from "./wait.ts";

/** Time for a manager to serve the cluster after its start, in milliseconds. */
const MANAGER_MS = 30_000;

/** Runs `action` with a client of the host's Docker API. */
const withClient = async <T>(
  host: HostPlan,
  action: (client: Client) => Promise<T>,
): Promise<T> => {
  const client = createClient({ host: `unix://${host.socket}` });
  try {
    return await action(client);
  } finally {
    client.close();
  }
};

const inCluster = async (client: Client): Promise<boolean> =>
  (await client.system.info()).Swarm.LocalNodeState !== "inactive";

/** The settings of a node on its own address, for both init and join. */
const addressesOf = (
  host: HostPlan,
): { readonly ListenAddr: string; readonly AdvertiseAddr: string } => ({
  ListenAddr: "0.0.0.0:2377",
  AdvertiseAddr: host.address,
});

/** Makes one cluster of all hosts. Those that are in one already stay as they are. */
export const formCluster = async (plan: PlaygroundPlan): Promise<void> => {
  const [first, ...others] = plan.hosts;
  if (first === undefined) return;
  const tokens = await withClient(first, async (client) => {
    if (!(await inCluster(client))) await client.swarm.init(addressesOf(first));
    // A manager that has just started may have to find its state again first.
    return (await eventually(() => client.swarm.inspect(), MANAGER_MS)).JoinTokens;
  });
  const join = (host: HostPlan): Promise<void> =>
    withClient(host, async (client) => {
      if (await inCluster(client)) return;
      await client.swarm.join({
        ...addressesOf(host),
        RemoteAddrs: [`${first.address}:2377`],
        JoinToken: host.role === "manager" ? tokens.Manager : tokens.Worker,
      });
    });
  // A quorum grows by one manager at a time; workers do not wait for each other.
  for (const host of others.filter(({ role }) => role === "manager")) await join(host);
  await Promise.all(others.filter(({ role }) => role === "worker").map(join));
};
