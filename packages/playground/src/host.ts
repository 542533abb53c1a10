import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { OperationError } from "@skein/base";
import { answers } from "./answers.ts";
import { hostScript, startScript } from "./host-script.ts";
import { addHostNetwork } from "./network.ts";
import type { HostPaths } from "./paths.ts";
import { pathsOf } from "./paths.ts";
import type { HostPlan, PlaygroundPlan } from "./plan.ts";
import { nameFlag } from "./plan.ts";
import type { ProcessStat } from "./process-record.ts";
import { runningIn } from "./process-record.ts";
import { containersConf, daemonCommandOf, engineCommand, resolvConf } from "./programs.ts";
import { environment, run } from "./run.ts";
import { waitFor } from "./wait.ts";

/** Time for a host's namespaces to stand, in milliseconds. */
const HOST_MS = 10_000;
/** Time for an engine or a daemon to answer; a loaded machine needs most of it, in milliseconds. */
const ANSWER_MS = 60_000;
/** Lines of a log that go into an error. */
const TAIL_LINES = 12;

const tailOf = (file: string): string => {
  try {
    return readFileSync(file, "utf8").trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
  } catch {
    return ""; // it never wrote any
  }
};

const prepareFiles = (plan: PlaygroundPlan, host: HostPlan, paths: HostPaths): void => {
  // What a reboot clears: sockets, pid files and the run directory.
  for (const stale of [paths.runDir, paths.daemonPidfile, host.socket, host.engineSocket])
    rmSync(stale, { recursive: true, force: true });
  for (const dir of [paths.engineData, paths.daemonData, paths.runDir, paths.cniConfig])
    mkdirSync(dir, { recursive: true, mode: 0o711 });
  writeFileSync(paths.resolvConf, resolvConf(plan));
  writeFileSync(paths.containersConf, containersConf(host));
};

/** The host's init, if the host is up. */
export const hostProcess = (host: HostPlan): ProcessStat | undefined =>
  runningIn(pathsOf(host).host);

/** Starts the host: its network, its namespaces and its init. Leaves a running one as it is. */
export const startHost = async (plan: PlaygroundPlan, host: HostPlan): Promise<void> => {
  if (hostProcess(host) !== undefined) return;
  const paths = pathsOf(host);
  mkdirSync(host.dir, { recursive: true, mode: 0o711 });
  prepareFiles(plan, host, paths);
  await addHostNetwork(plan, host);
  const log = openSync(paths.hostLog, "a");
  const child = spawn(
    "nsenter",
    [
      `--net=/run/netns/${host.netns}`,
      "unshare",
      "--mount",
      "--uts",
      "--ipc",
      "--propagation=slave",
      "bash",
      "-c",
      hostScript(host),
    ],
    { detached: true, stdio: ["ignore", log, log], cwd: "/", env: environment() },
  );
  closeSync(log);
  let failed = false;
  child.once("error", () => (failed = true));
  child.once("exit", () => (failed = true));
  child.unref();
  const up = await waitFor(() => failed || hostProcess(host) !== undefined, HOST_MS);
  if (!up || hostProcess(host) === undefined)
    throw new OperationError(
      "internal",
      `host ${host.name} did not start:\n${tailOf(paths.hostLog)}`,
    );
};

/** The arguments of `nsenter` that lead into the host. Throws `unavailable` when it is not up. */
export const enterHost = (host: HostPlan): readonly string[] => {
  const init = hostProcess(host);
  if (init === undefined)
    throw new OperationError(
      "unavailable",
      `host ${host.name} is down: "skein playground restart ${host.name}${nameFlag(host.playground)}" brings it back`,
    );
  return ["--target", `${init.pid}`, "--mount", "--uts", "--ipc", "--net", "--pid"];
};

interface Program {
  readonly title: string;
  readonly command: readonly string[];
  readonly record: string;
  readonly log: string;
  readonly socket: string;
}

/** Starts a program on the host and waits until its socket answers. */
const startProgram = async (host: HostPlan, program: Program): Promise<void> => {
  const { title, record, log, socket, command } = program;
  const entry = enterHost(host);
  const fail = (what: string): never => {
    throw new OperationError("unavailable", `${title} of ${host.name} ${what}:\n${tailOf(log)}`);
  };
  if (runningIn(record) === undefined) {
    rmSync(record, { force: true });
    rmSync(socket, { force: true });
    await run("nsenter", [...entry, "--", "bash", "-c", startScript(command, { record, log })]);
    await waitFor(() => runningIn(record) !== undefined, HOST_MS);
  }
  const settled = await waitFor(
    async () => runningIn(record) === undefined || (await answers(socket)),
    ANSWER_MS,
  );
  if (runningIn(record) === undefined) fail("ended at once");
  if (!settled) fail(`does not answer on ${socket}`);
};

/** Starts the host's container engine and waits until it answers. */
export const startEngine = (plan: PlaygroundPlan, host: HostPlan): Promise<void> => {
  const { engine: record, engineLog: log } = pathsOf(host);
  const title = `the engine (${host.engine})`;
  const command = engineCommand(plan, host);
  return startProgram(host, { title, command, record, log, socket: host.engineSocket });
};

/** Starts the host's Skein daemon and waits until it answers; nothing with `--daemon none`. */
export const startDaemon = async (
  plan: PlaygroundPlan,
  host: HostPlan,
  program: readonly string[],
): Promise<void> => {
  if (plan.daemon === "none") return;
  const { daemon: record, daemonLog: log } = pathsOf(host);
  const command = daemonCommandOf(program, host);
  await startProgram(host, { title: "the daemon", command, record, log, socket: host.socket });
};
