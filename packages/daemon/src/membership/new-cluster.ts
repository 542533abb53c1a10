import type { Clock, Random } from "@skein/base";
import { newId } from "@skein/base";
import { DEFAULT_ADDR_POOL, DEFAULT_DATA_PATH_PORT, DEFAULT_SUBNET_SIZE } from "@skein/manager";
import type { NewCluster } from "@skein/manager";
import {
  createRootAuthority,
  formatUnlockKey,
  issueOwnCredentials,
  newJoinToken,
  newSigner,
  newUnlockKey,
} from "@skein/platform";
import type { Credentials, Endpoints } from "@skein/platform";
import type { SwarmInitRequest } from "@skein/wire";
import { initialSwarmSpec } from "./swarm-spec.ts";

const NANOSECONDS_PER_MS = 1e6;

/** A new cluster as `swarm init` asks for it: its root, its tokens, and the first manager's certificate. */
export const newCluster = async (
  request: SwarmInitRequest,
  advertiseAddr: string,
  dependencies: {
    readonly clock: Clock;
    readonly random: Random;
    /** Where the state is to be, if not with the managers. */
    readonly externalStore?: Endpoints | undefined;
  },
): Promise<{ readonly bootstrap: NewCluster; readonly credentials: Credentials }> => {
  const { clock, random, externalStore } = dependencies;
  const now = clock.now();
  const rootCa = await createRootAuthority(now);
  const identity = { nodeId: newId(random), role: "manager", clusterId: newId(random) } as const;
  const spec = initialSwarmSpec(request.Spec, request.AutoLockManagers);
  const lifetimeMs = (spec.CAConfig.NodeCertExpiry ?? 0) / NANOSECONDS_PER_MS;
  const signer = await newSigner(rootCa);
  const content = { identity, now, lifetimeMs };
  const credentials = await issueOwnCredentials(signer, rootCa.certificate, content);
  const [pool, size] = [request.DefaultAddrPool, request.SubnetSize];
  const bootstrap: NewCluster = {
    id: identity.clusterId,
    ...(externalStore ? { externalStore: true } : {}),
    spec,
    rootCa,
    joinTokens: {
      worker: newJoinToken(rootCa.certificate, random),
      manager: newJoinToken(rootCa.certificate, random),
    },
    unlockKey: spec.EncryptionConfig.AutoLockManagers ? formatUnlockKey(newUnlockKey(random)) : "",
    defaultAddrPool: pool.length > 0 ? pool : DEFAULT_ADDR_POOL,
    subnetSize: size > 0 ? size : DEFAULT_SUBNET_SIZE,
    dataPathPort: request.DataPathPort > 0 ? request.DataPathPort : DEFAULT_DATA_PATH_PORT,
    firstNode: {
      id: identity.nodeId,
      role: "manager",
      availability: request.Availability || "active",
      managerAddr: advertiseAddr,
    },
    newId: () => newId(random),
  };
  return { bootstrap, credentials };
};
