import { parseBody } from "./json/parse.ts";
import type { Codec } from "./schema/codec.ts";
import { decodeWith } from "./schema/codec.ts";
import { backupRequest, restoreRequest } from "./schemas/backup.ts";
import { networkCreateRequest } from "./schemas/network.ts";
import { configSpec, nodeSpec, secretSpec } from "./schemas/objects.ts";
import { serviceSpec } from "./schemas/service.ts";
import {
  swarmInitRequest,
  swarmJoinRequest,
  swarmSpec,
  swarmUnlockRequest,
} from "./schemas/swarm.ts";
import type { BackupRequest, RestoreRequest } from "./types/backup.ts";
import type { NetworkCreateRequest } from "./types/network.ts";
import type { NodeSpec } from "./types/node.ts";
import type { ConfigSpec, SecretSpec } from "./types/secret.ts";
import type { ServiceSpec } from "./types/service.ts";
import type {
  SwarmInitRequest,
  SwarmJoinRequest,
  SwarmSpec,
  SwarmUnlockRequest,
} from "./types/swarm.ts";

/**
 * Readers of request bodies, one per type. All follow Go's encoding/json: names in any case, unknown
 * fields skipped, and give the value that Go would write again (zero values of `omitempty` fields
 * absent), so that equal requests are deeply equal. Words (modes, roles, actions) are not checked.
 * @throws OperationError `invalid-parameter` with Go's text.
 */
type Decoder<T> = (body: string) => T;

const decoder =
  <T>(codec: Codec<T>): Decoder<T> =>
  (body) =>
    decodeWith(codec, parseBody(body));

export const decodeServiceSpec: Decoder<ServiceSpec> = decoder(serviceSpec);
export const decodeNodeSpec: Decoder<NodeSpec> = decoder(nodeSpec);
export const decodeSecretSpec: Decoder<SecretSpec> = decoder(secretSpec);
export const decodeConfigSpec: Decoder<ConfigSpec> = decoder(configSpec);
export const decodeSwarmSpec: Decoder<SwarmSpec> = decoder(swarmSpec);
export const decodeSwarmInitRequest: Decoder<SwarmInitRequest> = decoder(swarmInitRequest);
export const decodeSwarmJoinRequest: Decoder<SwarmJoinRequest> = decoder(swarmJoinRequest);
export const decodeSwarmUnlockRequest: Decoder<SwarmUnlockRequest> = decoder(swarmUnlockRequest);
export const decodeNetworkCreateRequest: Decoder<NetworkCreateRequest> =
  decoder(networkCreateRequest);
export const decodeBackupRequest: Decoder<BackupRequest> = decoder(backupRequest);
export const decodeRestoreRequest: Decoder<RestoreRequest> = decoder(restoreRequest);
