import { hostProcess } from "./host.ts";
import { isCut } from "./network.ts";
import { pathsOf } from "./paths.ts";
import type { HostPlan, HostRole, PlaygroundPlan } from "./plan.ts";
import { runningIn } from "./process-record.ts";

/** A host as `status --format json` prints it. */
export interface HostStatus {
  readonly name: string;
  readonly hostname: string;
  readonly role: HostRole;
  readonly address: string;
  /** Path of the Unix socket with the Docker API of this node. */
  readonly socket: string;
  /** Path of the Unix socket of its container engine. */
  readonly engineSocket: string;
  /** As `ip netns` knows it. */
  readonly netns: string;
  /** As this machine sees them; null when it is not running, or with `--daemon none`. */
  readonly daemonPid: number | null;
  readonly enginePid: number | null;
  readonly dataDir: string;
}

/** One host's answer to "who are you, and do you run?". */
export const statusOf = (host: HostPlan): HostStatus => {
  const paths = pathsOf(host);
  return {
    name: host.name,
    hostname: host.hostname,
    role: host.role,
    address: host.address,
    socket: host.socket,
    engineSocket: host.engineSocket,
    netns: host.netns,
    daemonPid: runningIn(paths.daemon)?.pid ?? null,
    enginePid: runningIn(paths.engine)?.pid ?? null,
    dataDir: host.dir,
  };
};

const stateOf = async (plan: PlaygroundPlan, host: HostPlan): Promise<string> => {
  const init = hostProcess(host);
  if (init === undefined) return "down";
  if (init.state === "T") return "frozen";
  return (await isCut(plan, host)) ? "cut" : "up";
};

const processState = (file: string): string => {
  const stat = runningIn(file);
  if (stat === undefined) return "down";
  return stat.state === "T" ? "frozen" : "up";
};

/** Columns padded to their widest cell, three blanks between them, as docker prints tables. */
export const formatTable = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("   ")
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");
};

/** The table that `status` prints. */
export const statusTable = async (plan: PlaygroundPlan): Promise<string> => {
  const rows = await Promise.all(
    plan.hosts.map(async (host) => [
      host.name,
      host.role,
      host.address,
      await stateOf(plan, host),
      `${host.engine} ${processState(pathsOf(host).engine)}`,
      plan.daemon === "none" ? "-" : processState(pathsOf(host).daemon),
      host.socket,
    ]),
  );
  return formatTable([["NAME", "ROLE", "ADDRESS", "HOST", "ENGINE", "DAEMON", "SOCKET"], ...rows]);
};
