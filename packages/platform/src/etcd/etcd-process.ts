import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { messageOf } from "@skein/base";
import type { Logger } from "@skein/base";

/** How one run of etcd ended. */
export type RunEnd =
  /** It was removed from its cluster, and will not come back. */
  | { readonly kind: "removed" }
  /** The data belongs to another cluster than the one it was to join. */
  | { readonly kind: "foreign"; readonly reason: string }
  | { readonly kind: "exited"; readonly reason: string };

/** One run of etcd. */
export interface EtcdProcess {
  readonly pid: number | undefined;
  /** Never rejects. */
  readonly ended: Promise<RunEnd>;
  /** Asks it to stop; kills it when it does not within ten seconds. Resolves when it is gone. */
  stop(): Promise<void>;
}

/** What to run. */
export interface ProcessOptions {
  readonly binary: string;
  readonly args: readonly string[];
  /** Where it runs. */
  readonly directory: string;
  readonly proxyUrl: string;
  readonly logger: Logger;
}

const STOP_MS = 10_000;
const REMOVED = /permanently removed from the cluster|removed member/iu;
const FOREIGN = /cluster[- ]ID mismatch|member count is unequal|mismatch member ID/iu;

interface Line {
  readonly level: string;
  readonly text: string;
}

/** etcd writes a JSON object a line; before it has read its flags also plain text. */
const parseLine = (line: string): Line => {
  try {
    const { level, msg, error } = Object.fromEntries(Object.entries(JSON.parse(line) ?? {}));
    const text = [msg, error].filter((part) => typeof part === "string").join(": ");
    return { level: String(level), text };
  } catch {
    return { level: "info", text: line };
  }
};

/** Remembers of the log what explains an end. */
const newLogReader = (logger: Logger) => {
  let isRemoved = false;
  let foreign: string | undefined;
  let last = "";
  return {
    read: (line: string): void => {
      const { level, text } = parseLine(line);
      if (REMOVED.test(text)) isRemoved = true;
      if (FOREIGN.test(text)) foreign = text;
      if (level === "error" || level === "fatal" || level === "panic") last = text;
      logger.debug("etcd", { level, text });
    },
    end: (code: number | null, signal: NodeJS.Signals | null): RunEnd => {
      // It ends well by itself only when it was removed; signals end it as signals do.
      if (code === 0 || isRemoved) return { kind: "removed" };
      if (code !== null && foreign !== undefined) return { kind: "foreign", reason: foreign };
      const how = signal === null ? `status ${code}` : `signal ${signal}`;
      return { kind: "exited", reason: last === "" ? how : `${how}: ${last}` };
    },
  };
};

const waitForEnd = (child: ChildProcess, log: ReturnType<typeof newLogReader>): Promise<RunEnd> =>
  new Promise((resolve) => {
    child.once("error", (error) => resolve({ kind: "exited", reason: messageOf(error) }));
    // "close" comes when the last line of the log was read.
    child.once("close", (code, signal) => resolve(log.end(code, signal)));
  });

/**
 * Starts etcd. It dies with this process, also by `kill -9`: two must never use one directory. It
 * gets no environment but its proxy.
 */
export const runEtcd = (options: ProcessOptions): EtcdProcess => {
  const command = ["--pdeathsig=KILL", "--", options.binary, ...options.args];
  const child = spawn("setpriv", command, {
    cwd: options.directory,
    env: { PATH: process.env["PATH"], HTTP_PROXY: options.proxyUrl },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const log = newLogReader(options.logger);
  createInterface({ input: child.stderr }).on("line", log.read);
  const ended = waitForEnd(child, log);
  return {
    pid: child.pid,
    ended,
    stop: async () => {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await ended;
      clearTimeout(timer);
    },
  };
};
