/**
 * Hits the leader of a cluster of real hosts again and again, and judges what clients saw of it:
 *
 *   npm run chaos -- [--rounds 50] [--managers 3] [--workers 1] [--minutes 60] [--seed 1]
 *                    [--faults process,host,cut,freeze] [--name chaos] [--keep] [--history FILE]
 *
 * Prints a table of how long things took, and exits with 1 when something was not as it should be.
 */
import { writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { formatHistory } from "@skein/sim";
import { playChaos } from "../e2e/chaos/chaos.ts";
import { FAULTS } from "../e2e/chaos/faults.ts";
import type { Fault } from "../e2e/chaos/faults.ts";
import type { Round } from "../e2e/chaos/round.ts";
import { playground } from "../e2e/support/hosts.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "50" },
    managers: { type: "string", default: "3" },
    workers: { type: "string", default: "1" },
    minutes: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
    faults: { type: "string", default: FAULTS.join(",") },
    name: { type: "string", default: "chaos" },
    keep: { type: "boolean", default: false },
    history: { type: "string", default: "" },
  },
});

const MS_PER_MINUTE = 60_000;

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const isFault = (word: string): word is Fault => FAULTS.some((fault) => fault === word);

const turns = values.faults.split(",").filter(isFault);
const faults = Array.from(
  { length: Number(values.rounds) },
  (_, index) => turns[index % turns.length] ?? "process",
);

const seconds = (ms: number | undefined): string =>
  ms === undefined ? "-" : (ms / 1000).toFixed(2);

/** Median and worst, in seconds. */
const spread = (times: readonly (number | undefined)[]): string => {
  const sorted = times.filter((ms) => ms !== undefined).toSorted((a, b) => a - b);
  if (sorted.length === 0) return "-";
  return `${seconds(sorted[Math.floor(sorted.length / 2)])} / ${seconds(sorted.at(-1))}`;
};

const load = (): string => loadavg()[0]?.toFixed(1) ?? "?";

const table = (rounds: readonly Round[]): string => {
  const rows = turns.map((fault) => {
    const mine = rounds.filter((round) => round.fault === fault);
    const columns = [
      spread(mine.map(({ writeMs }) => writeMs)),
      spread(mine.map(({ downMs }) => downMs)),
      spread(mine.map(({ replicasMs }) => replicasMs)),
      spread(mine.map(({ backMs }) => backMs)),
    ];
    return `| ${fault} | ${mine.length} | ${columns.join(" | ")} |`;
  });
  return [
    "| the leader's ... | rounds | write again | node Down | replicas elsewhere | whole again after the repair |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
};

const made = playground(values.name, ["--managers", values.managers, "--workers", values.workers]);
await made.down();
await made.up();
const loads = [load()];
try {
  const { rounds, history, problems } = await playChaos({
    playground: made,
    faults,
    limitMs: Number(values.minutes) * MS_PER_MINUTE,
    seed: Number(values.seed),
    onRound: ({ fault, writeMs, downMs, replicasMs, backMs, problems: own }, index) => {
      loads.push(load());
      const times = [writeMs, downMs, replicasMs, backMs].map(seconds).join(" ");
      print(`${index + 1} ${fault}: ${times} (load ${load()}) ${own.join("; ")}`);
    },
  });
  if (values.history !== "") writeFileSync(values.history, formatHistory(history));
  const writes = history.filter(({ op, result }) => op !== "read" && result.kind === "ok").length;
  const unknown = history.filter(({ result }) => result.kind === "unknown").length;
  print(`\nSeconds, median / worst; load ${loads.join(" ")}\n\n${table(rounds)}\n`);
  print(`${history.length} operations, ${writes} writes acknowledged, ${unknown} ends unknown`);
  for (const problem of problems) print(`✗ ${problem}`);
  if (problems.length === 0) print("✓ nothing lost, nothing stale, nothing disturbed");
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  if (!values.keep) await made.down();
}
