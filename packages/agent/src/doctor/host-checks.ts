import type { HostListener } from "@skein/model";
import { KERNEL_VXLAN, whoListens } from "@skein/model";
import type { Check } from "@skein/wire";
import { ok, problem, warning } from "./checks.ts";

const MEBIBYTE = 1_048_576;
/** Below this the state can soon not be written any more, in bytes. */
const LEAST_FREE = 100 * MEBIBYTE;
const SCARCE_FREE = 1024 * MEBIBYTE;
const SCARCE_SHARE = 0.05;
/** Clocks may differ by these, in ms: certificates begin an hour before they are issued. */
const CLOCK_WARNING_MS = 5_000;
const CLOCK_PROBLEM_MS = 60_000;
/** A certificate is renewed before this share of its life is over. */
const RENEWED_SHARE = 0.85;
const DAY_MS = 86_400_000;

/** The engine as it was asked just now. */
export type EngineFacts =
  | { readonly version: string; readonly tookMs: number }
  | { readonly failure: string };

/** Is the engine there, and fit? */
export const engineChecks = (facts: EngineFacts): readonly Check[] =>
  "failure" in facts
    ? [
        problem(
          "engine",
          facts.failure,
          "start the engine, or name its socket with the daemon's option --engine",
        ),
      ]
    : [ok("engine", `version ${facts.version} answers in ${facts.tookMs} ms`)];

/** A file system, and whether a file could be written there. */
export interface DiskFacts {
  readonly path: string;
  readonly freeBytes: number;
  readonly sizeBytes: number;
  readonly failure?: string;
}

/** Can the state be kept? */
export const diskChecks = ({
  path,
  freeBytes,
  sizeBytes,
  failure,
}: DiskFacts): readonly Check[] => {
  if (failure !== undefined)
    return [
      problem(
        "data directory",
        `${path} can't be written: ${failure}`,
        "free space, or mount it for writing; until then nothing of the cluster can change here",
      ),
    ];
  const text = `${Math.floor(freeBytes / MEBIBYTE)} MiB of ${Math.floor(sizeBytes / MEBIBYTE)} MiB are free at ${path}`;
  const advice = "free space before the disk is full";
  if (freeBytes < LEAST_FREE) return [problem("data directory", text, advice)];
  if (freeBytes < SCARCE_FREE && freeBytes < sizeBytes * SCARCE_SHARE)
    return [warning("data directory", text, advice)];
  return [ok("data directory", text)];
};

/** Where a node stands; the names are Docker's LocalNodeState. */
export interface ClusterFacts {
  readonly state: string;
  readonly message?: string;
  /** Whether a manager has a session with it, and whom it tries. */
  readonly connected?: boolean;
  readonly managers?: readonly string[];
}

/** Is the node a member, and does a manager know that it lives? */
export const clusterChecks = (facts: ClusterFacts): readonly Check[] => {
  const { state, message = "", connected, managers = [] } = facts;
  if (state === "inactive") return [ok("membership", "this node is in no cluster")];
  if (state === "locked")
    return [
      problem("membership", "this manager's keys are locked", "run 'docker swarm unlock' here"),
    ];
  if (state !== "active")
    return [
      problem(
        "membership",
        `this node is a member, but not at work (${state})${message === "" ? "" : `: ${message}`}`,
        "see the daemon's log",
      ),
    ];
  return [
    connected === true
      ? ok("session", "a manager has a session with this node")
      : problem(
          "session",
          `no manager has a session with this node; known are ${managers.join(", ")}`,
          "see that these addresses are reached from here, and that the engine answers",
        ),
  ];
};

/** A certificate's life, in milliseconds since the epoch. */
export interface CertificateFacts {
  readonly validFrom: number;
  readonly validTo: number;
}

const days = (ms: number): string =>
  ms >= 2 * DAY_MS ? `${Math.floor(ms / DAY_MS)} days` : `${Math.floor(ms / 3_600_000)} hours`;

/** Is this node's certificate valid, and renewed in time? */
export const certificateChecks = (
  { validFrom, validTo }: CertificateFacts,
  now: number,
): readonly Check[] => {
  const name = "certificate";
  if (now < validFrom)
    return [
      problem(
        name,
        "this node's certificate is not valid yet",
        "set this host's clock: it is behind",
      ),
    ];
  if (now >= validTo)
    return [
      problem(
        name,
        `this node's certificate expired ${days(now - validTo)} ago`,
        "see that a manager is reached and the clock is right; if it stays so, leave the cluster and join again",
      ),
    ];
  const text = `this node's certificate is valid for ${days(validTo - now)} more`;
  const isLate = now - validFrom > (validTo - validFrom) * RENEWED_SHARE;
  return [
    isLate
      ? warning(name, `${text}, and should have been renewed`, "see that a manager is reached")
      : ok(name, text),
  ];
};

/** Does this node's clock agree with the manager's? `offsetMs`: the manager's minus this one's. */
export const clockChecks = (offsetMs: number | undefined): readonly Check[] => {
  if (offsetMs === undefined)
    return [ok("clock", "not compared: no manager has a session with this node")];
  const size = Math.abs(offsetMs);
  const text = `the clock differs from the manager's by ${(size / 1000).toFixed(1)} s`;
  const advice = "set the clocks of all hosts by NTP";
  if (size >= CLOCK_PROBLEM_MS) return [problem("clock", text, advice)];
  if (size >= CLOCK_WARNING_MS) return [warning("clock", text, advice)];
  return [ok("clock", text)];
};

/** Does this host have what overlay networks need? */
export const kernelChecks = (missing: readonly string[]): readonly Check[] =>
  missing.length === 0
    ? [ok("kernel", "kernel and programs have all that networks need")]
    : missing.map((text) =>
        problem("kernel", text, "no overlay network works on this node until it is there"),
      );

/** A port that this node needs. */
export interface NeededPort {
  readonly protocol: "tcp" | "udp";
  readonly port: number;
  readonly purpose: string;
  /** This process must listen there; otherwise nobody else may. */
  readonly ours: boolean;
}

/** Are the ports that this node needs its own? `ownPid` is this process. */
export const portChecks = (
  needed: readonly NeededPort[],
  listeners: readonly HostListener[],
  ownPid: number,
): readonly Check[] =>
  needed.map(({ protocol, port, purpose, ours }) => {
    const name = `${port}/${protocol}`;
    const here = listeners.filter((one) => one.protocol === protocol && one.port === port);
    const other = here.find((one) => one.program !== KERNEL_VXLAN && one.pid !== ownPid);
    if (other && !(ours && here.some((one) => one.pid === ownPid)))
      return problem(
        name,
        `${whoListens(other)} listens here, where ${purpose} belongs`,
        "stop it",
      );
    if (ours && !here.some((one) => one.pid === ownPid))
      return problem(name, `nothing listens for ${purpose}`, "restart the daemon");
    return ok(name, ours ? `this daemon listens for ${purpose}` : `free for ${purpose}`);
  });
