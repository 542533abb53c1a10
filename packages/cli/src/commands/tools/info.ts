import type { SystemInfo } from "@skein/sdk";
import type { ClusterInfo, SwarmInfo } from "@skein/wire";
import type { Run } from "../../command/spec.ts";
import { formatDuration } from "../../flags/duration.ts";
import { goJson } from "../../output/json.ts";
import { formatFlag } from "./tool-flags.ts";

type Lines = readonly string[];

/** A duration in words, as docker info shows expiry: `3 months`, `12 hours`. */
const expiry = (nanoseconds: number): string => {
  const hours = nanoseconds / 3.6e12;
  if (hours >= 24 * 60) return `${Math.trunc(hours / 24 / 30)} months`;
  if (hours >= 24 * 14) return `${Math.trunc(hours / 24 / 7)} weeks`;
  return hours >= 48 ? `${Math.trunc(hours / 24)} days` : formatDuration(nanoseconds);
};

const seconds = (nanoseconds: number): string => {
  const value = Math.trunc(nanoseconds / 1e9);
  return value === 1 ? "1 second" : `${value} seconds`;
};

const authorityLines = ({ Spec }: ClusterInfo): Lines => {
  const {
    NodeCertExpiry = 0,
    ForceRotate = 0,
    SigningCACert = "",
    ExternalCAs = [],
  } = Spec.CAConfig;
  return [
    "  CA Configuration:",
    `   Expiry Duration: ${expiry(NodeCertExpiry)}`,
    `   Force Rotate: ${ForceRotate}`,
    ...(SigningCACert === "" ? [] : [`   Signing CA Certificate:`, SigningCACert.trim(), ""]),
    ...(ExternalCAs.length === 0 ? [] : ["   External CAs:"]),
    ...ExternalCAs.map(({ Protocol, URL }) => `     ${Protocol}: ${URL}`),
  ];
};

const clusterLines = (cluster: ClusterInfo): Lines => {
  const { Orchestration, Raft, Dispatcher, EncryptionConfig } = cluster.Spec;
  return [
    ...(cluster.DefaultAddrPool.length > 0
      ? [`  Default Address Pool: ${cluster.DefaultAddrPool.join("  ")}`]
      : []),
    ...(cluster.SubnetSize > 0 ? [`  SubnetSize: ${cluster.SubnetSize}`] : []),
    ...(cluster.DataPathPort > 0 ? [`  Data Path Port: ${cluster.DataPathPort}`] : []),
    "  Orchestration:",
    `   Task History Retention Limit: ${Orchestration.TaskHistoryRetentionLimit ?? 0}`,
    "  Raft:",
    `   Snapshot Interval: ${Raft.SnapshotInterval ?? 0}`,
    ...(Raft.KeepOldSnapshots === undefined
      ? []
      : [`   Number of Old Snapshots to Retain: ${Raft.KeepOldSnapshots}`]),
    `   Heartbeat Tick: ${Raft.HeartbeatTick}`,
    `   Election Tick: ${Raft.ElectionTick}`,
    "  Dispatcher:",
    `   Heartbeat Period: ${seconds(Dispatcher.HeartbeatPeriod ?? 0)}`,
    ...authorityLines(cluster),
    `  Autolock Managers: ${EncryptionConfig.AutoLockManagers}`,
    `  Root Rotation In Progress: ${cluster.RootRotationInProgress}`,
  ];
};

const memberLines = (swarm: SwarmInfo): Lines => [
  `  NodeID: ${swarm.NodeID}`,
  ...(swarm.Error === "" ? [] : [`  Error: ${swarm.Error}`]),
  `  Is Manager: ${swarm.ControlAvailable}`,
  ...(swarm.ControlAvailable && swarm.Error === "" && swarm.LocalNodeState !== "error"
    ? [
        ...(swarm.Cluster ? [`  ClusterID: ${swarm.Cluster.ID}`] : []),
        `  Managers: ${swarm.Managers ?? 0}`,
        `  Nodes: ${swarm.Nodes ?? 0}`,
        ...(swarm.Cluster ? clusterLines(swarm.Cluster) : []),
      ]
    : []),
  `  Node Address: ${swarm.NodeAddr}`,
  ...managerAddresses(swarm),
];

const managerAddresses = ({ RemoteManagers }: SwarmInfo): Lines => {
  const addresses = (RemoteManagers ?? []).map(({ Addr }) => Addr).toSorted();
  return addresses.length === 0
    ? []
    : ["  Manager Addresses:", ...addresses.map((address) => `   ${address}`)];
};

/** The part of `docker info` that is about the cluster, with the node's name above it. */
export const infoText = ({ Name, ServerVersion, Swarm }: SystemInfo): string => {
  const outside = Swarm.LocalNodeState === "inactive" || Swarm.LocalNodeState === "locked";
  const lines = [
    `Name: ${Name}`,
    `Server Version: ${ServerVersion}`,
    `Swarm: ${Swarm.LocalNodeState}`,
    ...(outside ? [] : memberLines(Swarm).map((line) => line.replace(/^ {2}/, " "))),
  ];
  return `${lines.join("\n")}\n`;
};

/** `skein info`. */
export const run: Run = async (context, flags) => {
  const format = flags.get(formatFlag) ?? "";
  const info = await context.client().system.info();
  if (format === "") context.out(infoText(info));
  else if (format === "json") context.out(`${goJson(info)}\n`);
  else {
    const { compileTemplate } = await import("../../output/template.ts");
    context.out(`${compileTemplate(format).execute(info)}\n`);
  }
};
