/**
 * Runs the differential tests against Skein: npm run difftest [-- OPTIONS] [AREA...]
 *
 * They are scenarios recorded from a real swarm, kept outside this repository: in the folder that
 * SKEIN_DIFFTEST names, or in ../shared/difftest. Each answer of Skein's is compared with the
 * recorded one. Options:
 *   --daemon none   compare Docker's own swarm mode instead (a check of the tests themselves)
 *   --keep          leave the playground standing
 *   --name NAME     another playground than "difftest"
 *   --              what comes after it goes to difftest.mjs (e.g. -- --steps 10-20 --verbose)
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { AreaScore } from "./difftest-score.ts";
import { scoreTable } from "./difftest-score.ts";

interface Host {
  readonly name: string;
  readonly address: string;
  readonly socket: string;
}

/** Names for several of the scenarios' own areas; any other word is an area itself. */
const GROUPS = new Map([
  ["nodes", ["node"]],
  [
    "services",
    [
      "service-create",
      "service-errors",
      "service-update",
      "service-lists",
      "update-rollback",
      "jobs",
      "logs",
      "health-restart",
      "mounts-templates",
    ],
  ],
]);
const DEFAULT_AREAS = ["swarm", "nodes", "services", "placement", "api"];

const separator = process.argv.indexOf("--", 2);
const own = separator < 0 ? process.argv.slice(2) : process.argv.slice(2, separator);
const passedOn = separator < 0 ? [] : process.argv.slice(separator + 1);
const { values, positionals } = parseArgs({
  args: own,
  allowPositionals: true,
  options: {
    daemon: { type: "string", default: "skein" },
    keep: { type: "boolean", default: false },
    name: { type: "string", default: "difftest" },
  },
});
const SKEIN = resolve("skein");
const OUT = `dist/${values.name}`;
const areas = (positionals.length > 0 ? positionals : DEFAULT_AREAS).flatMap(
  (name) => GROUPS.get(name) ?? [name],
);
const home = resolve(process.env["SKEIN_DIFFTEST"] ?? "../shared/difftest");

const must = (command: string, args: readonly string[]): string => {
  const { status, stdout } = spawnSync(command, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.join(" ")}: exit code ${String(status)}`);
};

const playground = (verb: string, ...args: readonly string[]): string =>
  must(SKEIN, ["playground", verb, "--name", values.name, ...args]);

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** A node of the subject, with the commands that stop, start and kill it. */
const nodeOf = (host: Host): object => {
  const hook = (verb: string, ...flags: readonly string[]): string =>
    [SKEIN, "playground", verb, host.name, "--name", values.name, ...flags].map(quote).join(" ");
  const kills =
    values.daemon === "none"
      ? [hook("kill", "--engine")]
      : [hook("kill", "--daemon"), hook("kill", "--engine")];
  return {
    url: `unix://${host.socket}`,
    addr: host.address,
    stop: hook("stop"),
    start: hook("start"),
    kill: kills.join("; "),
  };
};

const runArea = (area: string, nodes: string): AreaScore => {
  const report = `${OUT}/report-${area}.json`;
  const { status } = spawnSync(
    process.execPath,
    [
      `${home}/difftest.mjs`,
      "run",
      `${home}/scenarios/open`,
      "--subject",
      nodes,
      "--area",
      area,
      "--json",
      report,
      ...passedOn,
    ],
    { stdio: ["ignore", "inherit", "inherit"] },
  );
  // 1 says that some answers differ.
  if (status !== 0 && status !== 1)
    throw new Error(`difftest ended with exit code ${String(status)}`);
  const { total } = JSON.parse(readFileSync(report, "utf8")) as { total: Omit<AreaScore, "area"> };
  return { area, ...total };
};

if (!existsSync(`${home}/difftest.mjs`)) {
  process.stderr.write(
    `The differential tests are not here: ${home} has no difftest.mjs.\n` +
      "Set SKEIN_DIFFTEST to the folder that holds them.\n",
  );
  process.exit(2);
}
mkdirSync(OUT, { recursive: true });
playground("down");
playground(
  "up",
  "--managers=3",
  "--workers=0",
  "--no-join",
  "--engine-label=lab=h2",
  `--daemon=${values.daemon}`,
);
try {
  playground("load", `${home}/lab/images.tar`);
  const hosts = JSON.parse(playground("status", "--format", "json")) as Host[];
  const nodes = `${OUT}/subject.json`;
  writeFileSync(nodes, `${JSON.stringify({ nodes: hosts.map(nodeOf) }, null, 2)}\n`);
  const scores = areas.map((area) => runArea(area, nodes));
  process.stdout.write(`\n${scoreTable(scores)}`);
  process.exitCode = scores.every(({ differ, skipped }) => differ + skipped === 0) ? 0 : 1;
} finally {
  if (!values.keep) playground("down");
}
