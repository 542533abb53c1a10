import { spawn } from "node:child_process";
import type { Logger } from "@skein/base";

/**
 * Tells the service manager how the daemon is: `READY=1`, `STOPPING=1`, `STATUS=...`. Does nothing
 * outside systemd. Node has no Unix datagram sockets, so `systemd-notify` sends the message for
 * us; it comes from another process, so the unit needs `NotifyAccess=all`. Never rejects: a daemon
 * that cannot announce itself still works.
 */
export const notifyServiceManager = async (
  states: readonly string[],
  logger: Logger,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<void> => {
  if ((environment["NOTIFY_SOCKET"] ?? "") === "") return;
  const failure = await new Promise<string | undefined>((resolve) => {
    const child = spawn("systemd-notify", [`--pid=${process.pid}`, ...states], {
      stdio: "ignore",
      env: environment,
    });
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code) => resolve(code === 0 ? undefined : `exit code ${code}`));
  });
  if (failure !== undefined) logger.warn("systemd was not notified", { states, reason: failure });
};
