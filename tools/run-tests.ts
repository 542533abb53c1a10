/** Runs checks and tests and counts them: tsx tools/run-tests.ts [static|fast|e2e]... */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import type { Tally } from "./tally.ts";
import { add, closingLine, tallyOf } from "./tally.ts";

/** Where the reports go. */
const REPORTS = "dist/test";

/** The static checks, as package.json calls them. */
const CHECKS = ["format:check", "types", "lint", "arrows", "dead"];

/** The checker of imports has read nothing, silently, more than once: it must have read something. */
const REQUIRED_OUTPUT = new Map([["arrows", /\b[1-9]\d* modules\b/]]);

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const check = (name: string): Tally => {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", name], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  const good = status === 0 && (REQUIRED_OUTPUT.get(name)?.test(stdout) ?? true);
  if (!good) print(`${stdout}\n${stderr}`);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  print(`${good ? "✓" : "✗"} ${name} (${seconds} s)`);
  return good ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
};

const readReport = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined; // the run ended before it could write one: tallyOf counts that
  }
};

const vitest = (title: string, projects: readonly string[]): Tally => {
  const file = `${REPORTS}/${title}.json`;
  rmSync(file, { force: true });
  const { status } = spawnSync(
    "node_modules/.bin/vitest",
    [
      "run",
      "--passWithNoTests",
      ...projects.flatMap((project) => ["--project", project]),
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${file}`,
    ],
    { stdio: ["ignore", "inherit", "inherit"] },
  );
  return tallyOf(readReport(file), status ?? 1);
};

/** In the order in which they run: what fails fast comes first. */
const GROUPS: Readonly<Record<string, () => Tally>> = {
  static: () => CHECKS.map(check).reduce(add),
  fast: () => vitest("fast", ["unit", "tidy", "sim"]),
  e2e: () => add(vitest("etcd", ["etcd"]), vitest("e2e", ["e2e"])),
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in GROUPS));
if (unknown.length > 0) {
  process.stderr.write(
    `no group ${unknown.join(", ")}: there are ${Object.keys(GROUPS).join(", ")}\n`,
  );
  process.exit(2);
}

mkdirSync(REPORTS, { recursive: true });
let total: Tally = { passed: 0, failed: 0 };
for (const [name, run] of Object.entries(GROUPS))
  if (wanted.length === 0 || wanted.includes(name)) {
    const start = performance.now();
    const tally = run();
    total = add(total, tally);
    print(
      `${name}: ${closingLine(tally)} (${((performance.now() - start) / 1000).toFixed(0)} s)\n`,
    );
  }
print(closingLine(total));
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
