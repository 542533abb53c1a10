import type { Random } from "@skein/base";
import type { Cluster, RootCa } from "@skein/model";
import { convertSwarmSpec, validateSwarmSpec } from "@skein/model";
import type { Transaction, View } from "@skein/store";
import type { SwarmSpec } from "@skein/wire";
import { theCluster } from "../membership/admission.ts";
import { withNewSecret } from "../root-rotation/join-tokens.ts";
import { checkVersion } from "./versions.ts";

export interface ClusterUpdate {
  readonly version: number;
  readonly spec: SwarmSpec;
  readonly flags: {
    readonly rotateWorkerToken: boolean;
    readonly rotateManagerToken: boolean;
    readonly rotateManagerUnlockKey: boolean;
  };
}

/** The unlock key after an update: made with autolock, changed when asked for, gone without. */
const unlockKeyAfter = (
  { unlockKey }: Cluster,
  { spec, flags }: ClusterUpdate,
  newKey: () => string,
): string => {
  if (!spec.EncryptionConfig.AutoLockManagers) return "";
  return unlockKey === "" || flags.rotateManagerUnlockKey ? newKey() : unlockKey;
};

/** Refuses an update that is wrong in itself or of a version that is not the present one. */
export const checkClusterUpdate = (view: View, input: ClusterUpdate): Cluster => {
  const cluster = theCluster(view);
  validateSwarmSpec(input.spec);
  checkVersion(cluster, input.version);
  return cluster;
};

/**
 * Replaces the cluster's spec and rotates what the flags name. `rootCa` is what the update makes of
 * the present version's root; `newUnlockKey` makes an unlock key.
 */
export const updateCluster = (
  tx: Transaction,
  random: Random,
  input: ClusterUpdate & { readonly rootCa: RootCa },
  newUnlockKey: () => string,
): void => {
  const cluster = checkClusterUpdate(tx, input);
  const { rotateWorkerToken, rotateManagerToken } = input.flags;
  const { worker, manager } = cluster.joinTokens;
  const joinTokens = {
    worker: rotateWorkerToken ? withNewSecret(worker, random) : worker,
    manager: rotateManagerToken ? withNewSecret(manager, random) : manager,
  };
  tx.put("clusters", {
    ...cluster,
    spec: convertSwarmSpec(input.spec),
    joinTokens,
    rootCa: input.rootCa,
    unlockKey: unlockKeyAfter(cluster, input, newUnlockKey),
  });
};
