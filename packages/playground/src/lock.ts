import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";

/** Takes the lock, says so, and keeps it until its input ends, that is until this process does. */
const HOLD = `exec 9>"$1" || exit 4; flock 9 || exit 4; [ /proc/self/fd/9 -ef "$1" ] || exit 3; echo held; exec cat`;

/**
 * Runs `action` while no other process runs one with the same lock file. The kernel holds the lock,
 * so it ends with this process however that ends.
 */
export const withLock = async <T>(file: string, action: () => Promise<T>): Promise<T> => {
  for (;;) {
    const holder = spawn("bash", ["-c", HOLD, "lock", file], {
      stdio: ["pipe", "pipe", "inherit"],
      detached: true,
    });
    const closed = once(holder, "close");
    const held = await Promise.race([
      once(holder.stdout, "data").then(() => true),
      closed.then(() => false),
    ]);
    if (!held) {
      if (holder.exitCode === 3) continue; // its last holder removed the file: try the new one
      throw new Error(`cannot lock ${file}: flock ended with ${String(holder.exitCode)}`);
    }
    try {
      return await action();
    } finally {
      rmSync(file, { force: true });
      holder.stdin.end();
      await closed;
    }
  }
};
