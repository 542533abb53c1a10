import type { ExternalCA, SwarmSpec } from "@skein/wire";
import type { Flags } from "../../command/flag.ts";
import { autolockFlag, clusterFlags, initFlags } from "./flags.ts";

/** A spec of which only what was asked for is there; the daemon fills in the rest. */
export type PartialSpec = {
  readonly [K in keyof SwarmSpec]: SwarmSpec[K] extends string | undefined
    ? SwarmSpec[K]
    : Partial<SwarmSpec[K]>;
};

const set = <T>(name: string, value: T | undefined): Record<string, T> =>
  value === undefined ? {} : { [name]: value };

const withRoot = (authorities: readonly ExternalCA[], root: string): readonly ExternalCA[] =>
  authorities.map((authority) =>
    authority.CACert === "" ? { ...authority, CACert: root } : authority,
  );

/**
 * The authority's settings with the flags that were given. External authorities without a
 * certificate of their own get `root`.
 */
export const mergeAuthority = (
  present: Partial<SwarmSpec["CAConfig"]>,
  flags: Flags,
  root: string,
): Partial<SwarmSpec["CAConfig"]> => {
  const expiry = flags.get(clusterFlags.certExpiry);
  const external = flags.all(clusterFlags.externalCa);
  return {
    ...present,
    ...set("NodeCertExpiry", expiry),
    ...(external.length > 0 ? { ExternalCAs: withRoot(external, root) } : {}),
  };
};

/** The cluster's settings with the flags that were given. */
export const mergeSettings = (present: PartialSpec, flags: Flags, root: string): PartialSpec => {
  const { heartbeat, historyLimit, maxSnapshots, snapshotInterval } = clusterFlags;
  const autolock = flags.get(initFlags.autolock) ?? flags.get(autolockFlag);
  return {
    ...present,
    Orchestration: {
      ...present.Orchestration,
      ...set("TaskHistoryRetentionLimit", flags.get(historyLimit)),
    },
    Dispatcher: { ...present.Dispatcher, ...set("HeartbeatPeriod", flags.get(heartbeat)) },
    Raft: {
      ...present.Raft,
      ...set("KeepOldSnapshots", flags.get(maxSnapshots)),
      ...set("SnapshotInterval", flags.get(snapshotInterval)),
    },
    EncryptionConfig: { ...present.EncryptionConfig, ...set("AutoLockManagers", autolock) },
    CAConfig: mergeAuthority(present.CAConfig, flags, root),
  };
};

/** What a new cluster is asked for when no flag is given. */
export const emptySettings: PartialSpec = {
  Labels: {},
  Orchestration: {},
  Raft: { ElectionTick: 0, HeartbeatTick: 0 },
  Dispatcher: {},
  CAConfig: {},
  TaskDefaults: {},
  EncryptionConfig: { AutoLockManagers: false },
};
