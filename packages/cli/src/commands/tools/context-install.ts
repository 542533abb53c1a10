import { spawnSync } from "node:child_process";
import { CommandError } from "../../command/errors.ts";
import type { Context, Run } from "../../command/spec.ts";
import { contextFlags } from "./tool-flags.ts";

const DEFAULT_NAME = "skein";

interface Outcome {
  readonly ok: boolean;
  readonly text: string;
}

/** Runs docker without the variables that would overrule contexts. */
const docker = (context: Context, args: readonly string[]): Outcome => {
  const { DOCKER_HOST: _host, DOCKER_CONTEXT: _context, ...environment } = context.environment;
  const { error, status, stdout, stderr } = spawnSync("docker", args, {
    env: environment,
    encoding: "utf8",
  });
  if (error)
    throw new CommandError(
      "cannot run the docker command: install it, or set DOCKER_HOST to the daemon's address instead",
    );
  return { ok: status === 0, text: status === 0 ? stdout.trim() : stderr.trim() };
};

const must = (context: Context, args: readonly string[]): string => {
  const { ok, text } = docker(context, args);
  if (!ok) throw new CommandError(`docker ${args.join(" ")}: ${text}`);
  return text;
};

/** `skein context install`: adds or updates a docker context, and says what it did. */
export const run: Run = async (context, flags) => {
  const name = flags.get(contextFlags.name) ?? DEFAULT_NAME;
  const endpoint = `host=${context.host}`;
  const exists = docker(context, ["context", "inspect", name]).ok;
  must(context, [
    "context",
    exists ? "update" : "create",
    name,
    "--description",
    "Skein cluster",
    "--docker",
    endpoint,
  ]);
  context.out(`${exists ? "Updated" : "Added"} docker context "${name}" for ${context.host}.\n`);
  if (flags.on(contextFlags.use)) {
    must(context, ["context", "use", name]);
    context.out("docker uses it by default now; 'docker context use default' goes back.\n");
    return;
  }
  context.out(`Use it with 'docker --context ${name} node ls' or 'docker context use ${name}'.\n`);
};

/** `skein context uninstall`. */
export const uninstall: Run = async (context, flags) => {
  const name = flags.get(contextFlags.name) ?? DEFAULT_NAME;
  must(context, ["context", "rm", "--force", name]);
  context.out(`Removed docker context "${name}".\n`);
};
