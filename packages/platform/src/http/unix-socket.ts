import { chmod, chown, lstat, mkdir, readFile, unlink } from "node:fs/promises";
import { createConnection } from "node:net";
import type { Server } from "node:net";
import { dirname } from "node:path";
import { OperationError, messageOf } from "@skein/base";

/** Owner and group may talk to the daemon, which is as good as root on this host. */
const SOCKET_MODE = 0o660;
const SOCKET_GROUP = "docker";
/** How long a live daemon may take to accept, in ms. */
const PROBE_MS = 2000;

const isAlive = async (path: string): Promise<boolean> =>
  await new Promise((resolve) => {
    const probe = createConnection(path);
    const answer = (alive: boolean): void => {
      probe.destroy();
      resolve(alive);
    };
    probe.setTimeout(PROBE_MS, () => answer(true));
    probe.once("connect", () => answer(true));
    probe.once("error", () => answer(false));
  });

/** Removes what a daemon that died has left. Refuses what is not a socket, and one in use. */
const clearStale = async (path: string): Promise<void> => {
  const found = await lstat(path).catch(() => undefined);
  if (!found) return;
  if (!found.isSocket())
    throw new OperationError("conflict", `cannot listen on ${path}: it exists and is not a socket`);
  if (await isAlive(path))
    throw new OperationError("conflict", `cannot listen on ${path}: another daemon listens there`);
  await unlink(path);
};

const groupId = async (name: string): Promise<number | undefined> => {
  const groups = await readFile("/etc/group", "utf8").catch(() => "");
  const line = groups.split("\n").find((entry) => entry.startsWith(`${name}:`));
  const id = Number(line?.split(":")[2]);
  return Number.isInteger(id) ? id : undefined;
};

/** Resolves when the server listens; rejects with a text that says where it could not. */
export const listening = async (
  server: Server,
  where: string,
  start: () => void,
): Promise<void> => {
  await new Promise<void>((resolve, reject) => {
    const failed = (error: Error): void =>
      reject(
        new OperationError("conflict", `cannot listen on ${where}: ${messageOf(error)}`, {
          cause: error,
        }),
      );
    server.once("error", failed);
    server.once("listening", () => {
      server.off("error", failed);
      resolve();
    });
    start();
  });
};

/**
 * Makes `server` listen on a socket of mode 0660, of group `docker` where there is one. The
 * directory is made if missing.
 */
export const listenOnUnixSocket = async (server: Server, path: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  await clearStale(path);
  await listening(server, `unix://${path}`, () => server.listen({ path }));
  await chmod(path, SOCKET_MODE);
  const group = await groupId(SOCKET_GROUP);
  if (group !== undefined) await chown(path, 0, group).catch(() => {});
};
