import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { OperationError } from "@skein/base";
import type { PlaygroundPlan } from "./plan.ts";
import { nameFlag, playgroundDir } from "./plan.ts";

/** Where playgrounds keep their files; `SKEIN_PLAYGROUND_DIR` puts them elsewhere. */
export const stateRootOf = (env: Readonly<Record<string, string | undefined>>): string => {
  const root = env["SKEIN_PLAYGROUND_DIR"] ?? "/var/lib/skein-playground";
  if (!root.startsWith("/") || /^(\/var)?\/run(\/|$)/.test(root))
    throw new OperationError(
      "invalid-parameter",
      `SKEIN_PLAYGROUND_DIR must be an absolute path outside /run, which each host has of its own: "${root}"`,
    );
  return root.replace(/\/+$/, "");
};

const fileOf = (dir: string): string => `${dir}/playground.json`;

/** The plan of an existing playground, or undefined. Throws when its file cannot be read. */
export const readPlan = (stateRoot: string, name: string): PlaygroundPlan | undefined => {
  const file = fileOf(playgroundDir(stateRoot, name));
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const plan = JSON.parse(text) as PlaygroundPlan;
    if ((plan.version as number) === 1) return plan;
  } catch {
    // said below, together with an unknown version
  }
  throw new OperationError(
    "internal",
    `${file} is not a state file of this version: "skein playground down${nameFlag(name)}" removes what is left`,
  );
};

/** The plan of an existing playground. Throws `not-found`. */
export const requirePlan = (stateRoot: string, name: string): PlaygroundPlan => {
  const plan = readPlan(stateRoot, name);
  if (plan === undefined)
    throw new OperationError(
      "not-found",
      `no playground "${name}" here: "skein playground up${nameFlag(name)}" makes it`,
    );
  return plan;
};

/** Keeps the plan, before anything of it exists, so that `down` finds all of it after a crash. */
export const writePlan = (plan: PlaygroundPlan): void => {
  mkdirSync(plan.dir, { recursive: true, mode: 0o700 });
  const file = fileOf(plan.dir);
  writeFileSync(`${file}.new`, `${JSON.stringify(plan, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
};

/** The names of all playgrounds on this machine. */
export const playgroundNames = (stateRoot: string): readonly string[] => {
  try {
    return readdirSync(stateRoot, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .toSorted();
  } catch {
    return []; // no playground was ever made
  }
};
