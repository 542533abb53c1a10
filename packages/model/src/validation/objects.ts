import { OperationError, rpcError } from "@skein/base";
import type { ConfigSpec, NodeSpec, SecretSpec, SwarmSpec } from "@skein/wire";
import { validateFileName } from "./names.ts";

/** Exclusive maxima of the payloads, in bytes. */
const MAX_SECRET_BYTES = 512_000;
const MAX_CONFIG_BYTES = 1_024_000;
const MIN_CERT_EXPIRY_NS = 3600 * 1e9;

/** Bytes behind canonical base64. */
const decodedLength = (base64: string): number =>
  (base64.length / 4) * 3 - (/=*$/.exec(base64)?.[0].length ?? 0);

const validateData = (word: string, data: string, limit: number): void => {
  const length = decodedLength(data);
  if (length === 0 || length >= limit)
    throw rpcError(
      "invalid-parameter",
      `${word} data must be larger than 0 and less than ${limit} bytes`,
    );
};

/** A secret to be created. One with an external driver needs no data. Throws invalid-parameter. */
export const validateSecretSpec = (spec: SecretSpec): void => {
  validateFileName(spec.Name ?? "");
  if (spec.Driver && (spec.Driver.Name ?? "") === "")
    throw rpcError("invalid-parameter", "secret driver must have a name");
  if (!spec.Driver) validateData("secret", spec.Data ?? "", MAX_SECRET_BYTES);
};

/** A config to be created. Throws invalid-parameter. */
export const validateConfigSpec = (spec: ConfigSpec): void => {
  validateFileName(spec.Name ?? "");
  validateData("config", spec.Data ?? "", MAX_CONFIG_BYTES);
};

/** The cluster's spec, in a request to init or update. Throws invalid-parameter. */
export const validateSwarmSpec = (spec: SwarmSpec): void => {
  if ((spec.Name ?? "") !== "" && spec.Name !== "default")
    throw new OperationError("invalid-parameter", 'swarm spec must be named "default"');
  const { NodeCertExpiry: expiry = 0 } = spec.CAConfig;
  if (expiry !== 0 && expiry < MIN_CERT_EXPIRY_NS)
    throw rpcError("invalid-parameter", "minimum certificate expiry time is: 1h0m0s");
  if ((spec.Dispatcher.HeartbeatPeriod ?? 0) < 0)
    throw rpcError("invalid-parameter", "heartbeat time period cannot be a negative duration");
};

const roles: readonly NodeSpec["Role"][] = ["worker", "manager"];
const availabilities: readonly NodeSpec["Availability"][] = ["active", "pause", "drain"];

/**
 * A node's spec with role and availability in the words of the API, whatever their case was.
 * Throws invalid-parameter: `invalid Role: "boss"`.
 */
export const convertNodeSpec = (spec: NodeSpec): NodeSpec => {
  const role = roles.find((word) => word === spec.Role.toLowerCase());
  if (!role)
    throw new OperationError("invalid-parameter", `invalid Role: ${JSON.stringify(spec.Role)}`);
  const availability = availabilities.find((word) => word === spec.Availability.toLowerCase());
  if (!availability)
    throw new OperationError(
      "invalid-parameter",
      `invalid Availability: ${JSON.stringify(spec.Availability)}`,
    );
  return { ...spec, Role: role, Availability: availability };
};

/**
 * The cluster's spec as it is stored and shown after an update: counters 0 where absent. The wanted
 * root becomes part of the cluster itself: who reads the spec and writes it back must not ask for it
 * again, without its key.
 */
export const convertSwarmSpec = (spec: SwarmSpec): SwarmSpec => {
  const { SigningCAKey: _key, SigningCACert: _certificate, ...caConfig } = spec.CAConfig;
  return {
    ...spec,
    Name: "default",
    Orchestration: { TaskHistoryRetentionLimit: spec.Orchestration.TaskHistoryRetentionLimit ?? 0 },
    Raft: { ...spec.Raft, KeepOldSnapshots: spec.Raft.KeepOldSnapshots ?? 0 },
    CAConfig: caConfig,
  };
};
