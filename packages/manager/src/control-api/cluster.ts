import type { Random } from "@skein/base";
import { OperationError, toBase36 } from "@skein/base";
import type { Cluster } from "@skein/model";
import { convertSwarmSpec, validateSwarmSpec } from "@skein/model";
import type { Transaction } from "@skein/store";
import type { SwarmSpec } from "@skein/wire";
import { theCluster } from "../membership/admission.ts";
import { checkVersion } from "./versions.ts";

/** Base 36 digits of a token's secret: 16 random bytes (behaviour.md, 18.2). */
const SECRET_LENGTH = 25;

const unsupported = (what: string): OperationError =>
  new OperationError("not-implemented", `${what} is not supported by this version of Skein`);

/** The same token with a new secret: the digest of the root stays. */
const withNewSecret = (token: string, random: Random): string => {
  const secret = toBase36(random.bytes(16)).padStart(SECRET_LENGTH, "0");
  return [...token.split("-").slice(0, 3), secret].join("-");
};

const checkSupported = (cluster: Cluster, spec: SwarmSpec): void => {
  const { CAConfig: now } = cluster.spec;
  const { CAConfig: wanted } = spec;
  if ((wanted.ForceRotate ?? 0) !== (now.ForceRotate ?? 0) || wanted.SigningCACert)
    throw unsupported("rotating the root certificate");
  if ((wanted.ExternalCAs ?? []).length > 0) throw unsupported("an external certificate authority");
};

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

/** Replaces the cluster's spec and rotates what the flags name; `newUnlockKey` makes an unlock key. */
export const updateCluster = (
  tx: Transaction,
  random: Random,
  input: ClusterUpdate,
  newUnlockKey: () => string,
): void => {
  const cluster = theCluster(tx);
  validateSwarmSpec(input.spec);
  checkVersion(cluster, input.version);
  checkSupported(cluster, input.spec);
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
    unlockKey: unlockKeyAfter(cluster, input, newUnlockKey),
  });
};
