import { execFile, spawn } from "node:child_process";
import { OperationError } from "@skein/base";

/** Where programs are looked for: root's own directories are not on everybody's path. */
export const searchPath = (path: string | undefined): string =>
  [path ?? "", "/usr/local/sbin", "/usr/sbin", "/sbin"].filter((part) => part !== "").join(":");

/** The environment of everything that the playground starts. */
export const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: searchPath(process.env["PATH"]),
});

/** Output of a program that ended with exit code 0. */
export const run = (command: string, args: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(command, args, { env: environment() }, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stdout);
        return;
      }
      const said = stderr.trim() === "" ? error.message : stderr.trim();
      reject(new OperationError("internal", `${command} ${args.join(" ")}: ${said}`));
    });
  });

/** Like {@link run}, but a failure is an answer: false. */
export const succeeds = async (command: string, args: readonly string[]): Promise<boolean> => {
  try {
    await run(command, args);
    return true;
  } catch {
    return false; // the exit code was the question
  }
};

/** Runs a program on this terminal; resolves to its exit code (128 + n when signal n ended it). */
export const runAttached = (
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: "inherit", env: { ...env } });
    child.once("error", reject);
    child.once("close", (code, signal) => {
      resolve(code ?? (signal === "SIGINT" ? 130 : 143));
    });
  });
