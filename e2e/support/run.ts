import { execFile } from "node:child_process";

/** How a program ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that hangs is a failure of its own, in milliseconds. */
const LIMIT_MS = 180_000;

/** Runs a program to its end, whatever its exit code; -1 when it had to be killed. */
export const run = (
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> =>
  new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, timeout: LIMIT_MS, maxBuffer: 1 << 26 };
    execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === "number") resolve({ code: error.code, stdout, stderr });
      else resolve({ code: -1, stdout, stderr: `${stderr}${error.message}` });
    });
  });

/** Runs a program that must succeed; resolves to what it printed, without the last line break. */
export const output = async (
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> => {
  const { code, stdout, stderr } = await run(command, args, env);
  if (code === 0) return stdout.trimEnd();
  throw new Error(`${command} ${args.join(" ")}: exit code ${code}\n${stdout}${stderr}`);
};
