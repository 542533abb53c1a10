import { open } from "node:fs/promises";
import { join, resolve } from "node:path";

/** The kernel takes 107 bytes for the path of a unix socket. */
const PATH_BYTES_MAX = 107;
/** Sockets in the directory have short names. */
const NAME_BYTES_MAX = 16;

/** A directory whose sockets can be reached however long its path is. */
export interface SocketDirectory {
  /** A path to the socket `name`, short enough to connect to. Valid in this process until closed. */
  path(name: string): string;
  close(): Promise<void>;
}

/** Opens a directory for its sockets. A path that is too long is replaced by one through /proc. */
export const openSocketDirectory = async (directory: string): Promise<SocketDirectory> => {
  const absolute = resolve(directory);
  if (Buffer.byteLength(absolute) + 1 + NAME_BYTES_MAX <= PATH_BYTES_MAX)
    return { path: (name) => join(absolute, name), close: () => Promise.resolve() };
  const handle = await open(absolute, "r");
  return {
    path: (name) => `/proc/self/fd/${handle.fd}/${name}`,
    close: () => handle.close(),
  };
};
