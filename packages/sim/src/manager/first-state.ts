import type { Random } from "@skein/base";
import { newId } from "@skein/base";
import { bootstrapCluster, createNode } from "@skein/manager";
import type { Network } from "@skein/model";
import type { Draft, Store } from "@skein/store";
import { firstRoot } from "../certificates.ts";
import { DEFAULT_CLUSTER_SPEC } from "../cluster-spec.ts";

/** Large enough for everything that the operators want. */
const overlayNetworks: readonly Draft<Network>[] = ["blue", "green"].map((name, index) => ({
  id: `${name}00000000000000000000`,
  name,
  labels: {},
  driver: { name: "overlay", options: {} },
  subnets: [{ subnet: `10.9.${index}.0/25`, gateway: `10.9.${index}.1` }],
  vni: 4097 + index,
  ipv6: false,
  internal: false,
  attachable: false,
  ingress: false,
}));

/** A node that is a manager from the start. */
export interface FirstManager {
  readonly id: string;
  readonly address: string;
  readonly availability: "active" | "drain";
}

/** Writes what a new cluster starts with. Rejects as the store does. */
export const bootstrap = async (
  store: Store,
  random: Random,
  managers: readonly FirstManager[],
): Promise<void> => {
  const [first, ...others] = managers.map(
    ({ id, address, availability }) =>
      ({ id, role: "manager", availability, managerAddr: address }) as const,
  );
  if (!first) return;
  await store.transact((tx) => {
    bootstrapCluster(tx, {
      id: newId(random),
      spec: DEFAULT_CLUSTER_SPEC,
      rootCa: firstRoot,
      joinTokens: { worker: "SWMTKN-1-root-worker", manager: "SWMTKN-1-root-manager" },
      unlockKey: "",
      defaultAddrPool: ["10.0.0.0/8"],
      subnetSize: 24,
      dataPathPort: 4789,
      firstNode: first,
      newId: () => newId(random),
    });
    for (const node of others) createNode(tx, node);
    for (const network of overlayNetworks) tx.put("networks", network);
  });
};
