import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { runCli } from "../test-program.ts";

/** Completes in a real bash, with a `skein` that prints fixed offers. */
const completeInBash = async (words: readonly string[], offers: string): Promise<string> => {
  const { out: script } = await runCli(["completion", "bash"]);
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const { stdout, stderr } = spawnSync(
    "bash",
    [
      "-c",
      `skein() { printf -- '${offers}'; }
compopt() { printf 'compopt %s;' "$*"; }
eval "$SCRIPT"
COMP_WORDS=(${quoted}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_skein
echo "\${COMPREPLY[*]}"`,
    ],
    { env: { ...process.env, SCRIPT: script }, encoding: "utf8" },
  );
  return stderr.trim() + stdout.trim();
};

test("bash gets the offers without their meanings", async () => {
  const offers = String.raw`web\tmeaning\ndb\n:\n`;
  expect(await completeInBash(["skein", "service", "rm", ""], offers)).toBe("web db");
});

test("bash puts no blank behind the names of services to scale", async () => {
  const offers = String.raw`web=\n:nospace\n`;
  expect(await completeInBash(["skein", "service", "scale", "w"], offers)).toBe(
    "compopt -o nospace;web=",
  );
});

test("what bash split at an equals sign is one word again, and only the value is offered", async () => {
  const offers = String.raw`--role=manager\n:\n`;
  const words = ["skein", "node", "update", "--role", "=", "m"];
  expect(await completeInBash(words, offers)).toBe("manager");
});
