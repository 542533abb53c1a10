import type { NetworkDifference } from "@skein/model";
import type { Check } from "@skein/wire";
import { differenceText } from "../network/describe-changes.ts";
import type { AuditCounters } from "../networking/audit-record.ts";
import { ok, problem, warning } from "./checks.ts";

/** What was seen of a node's networks. */
export interface NetworkHealth {
  /** Names of the networks that the managers told this node. */
  readonly networks: readonly string[];
  /** Found in the kernel by the audit that was made for this question. */
  readonly differences: readonly NetworkDifference[];
  /** They were repaired. */
  readonly repaired: boolean;
  /** Why the kernel could not be compared, or not be repaired. */
  readonly failure?: string;
  /** What could not be applied of the managers' tables, as the log has it. */
  readonly refused?: string;
  /** Names of networks that the engine lacks. */
  readonly lostInEngine: readonly string[];
  /** Gateways on which names are not answered. */
  readonly silentGateways: readonly string[];
  /** What the host's firewall and settings may refuse. */
  readonly warnings: readonly string[];
  readonly counters: AuditCounters;
}

/** More than these are only counted. */
const MOST_SHOWN = 20;

const listed = (texts: readonly string[]): string => {
  const shown = texts.slice(0, MOST_SHOWN).join("; ");
  return texts.length > MOST_SHOWN ? `${shown}; and ${texts.length - MOST_SHOWN} more` : shown;
};

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;

const kernelCheck = ({ failure, differences, repaired }: NetworkHealth): Check => {
  if (failure !== undefined)
    return problem(
      "kernel",
      `the kernel could not be brought to what the managers say: ${failure}`,
      "see the other checks; the agent goes on trying, and the daemon's log says what it meets",
    );
  if (differences.length === 0)
    return ok("kernel", "bridges, forwarding, routes and nftables are as the managers say");
  const texts = listed(differences.map(differenceText));
  const found = plural(differences.length, "difference");
  return repaired
    ? warning(
        "kernel",
        `${found} found and repaired: ${texts}`,
        "find out which program changed them: the repair lasts until it does so again",
      )
    : problem("kernel", `${found}: ${texts}`, "repair them with 'skein doctor network'");
};

const engineCheck = ({ lostInEngine, networks }: NetworkHealth): Check =>
  lostInEngine.length === 0
    ? ok("engine networks", `the engine has all of them (${networks.length})`)
    : problem(
        "engine networks",
        `the engine lacks ${lostInEngine.join(", ")}`,
        "they are made again while the engine answers; the daemon's log says what it refuses",
      );

const namesCheck = ({ silentGateways }: NetworkHealth): Check =>
  silentGateways.length === 0
    ? ok("names", "names are answered on every gateway")
    : problem(
        "names",
        `nobody answers names on ${silentGateways.map((one) => `${one}:53`).join(", ")}`,
        "see whether another program holds port 53 on all addresses, and restrict it to its own",
      );

const auditCheck = (counters: AuditCounters, now: number): Check => {
  const { audits, failed, repaired, found, lastAt } = counters;
  if (lastAt === undefined) return ok("audits", "none yet since the daemon started");
  const kinds = Object.entries(found).map(([kind, count]) => `${kind} ${count}`);
  const seconds = Math.max(0, Math.round((now - lastAt) / 1000));
  const text =
    `${plural(audits, "audit")} since the daemon started, the last one ${seconds} s ago; ` +
    (kinds.length === 0 ? "nothing to repair" : `found ${kinds.join(", ")}, repaired ${repaired}`) +
    (failed === 0 ? "" : `; ${failed} failed`);
  return ok("audits", text);
};

/** What is so, and what to do, about a node's networks. `now` in milliseconds since the epoch. */
export const networkChecks = (health: NetworkHealth | undefined, now: number): readonly Check[] => {
  if (!health || health.networks.length === 0)
    return [
      ok("networks", "this node is on no network of the cluster"),
      ...(health?.warnings ?? []).map((text) => warning("firewall", text, "change the firewall")),
    ];
  const { networks, refused, warnings, counters } = health;
  return [
    refused === undefined
      ? ok("networks", `this node is on ${networks.join(", ")}`)
      : problem(
          "networks",
          `not applied: ${refused}`,
          "remove what stands in the way; it is tried again",
        ),
    kernelCheck(health),
    engineCheck(health),
    namesCheck(health),
    ...(warnings.length === 0
      ? [ok("firewall", "nothing is known to drop what networks need")]
      : warnings.map((text) => warning("firewall", text, "change the firewall or the setting"))),
    auditCheck(counters, now),
  ];
};
