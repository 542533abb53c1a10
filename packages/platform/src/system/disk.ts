import { open, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "@skein/base";

/** A file system, and whether a file could be written and made durable there. */
export interface DiskProbe {
  readonly path: string;
  /** What is free for everybody but root, in bytes. */
  readonly freeBytes: number;
  readonly sizeBytes: number;
  readonly failure?: string;
}

const PROBE = ".doctor";

const tryWriting = async (directory: string): Promise<string | undefined> => {
  const path = join(directory, PROBE);
  try {
    const file = await open(path, "w", 0o600);
    try {
      await file.writeFile("written to see whether it can be\n");
      await file.sync();
    } finally {
      await file.close();
    }
    await rm(path, { force: true });
    return undefined;
  } catch (error) {
    await rm(path, { force: true }).catch(() => {}); // what could not be written is not there
    return messageOf(error);
  }
};

/** Looks at the file system of a directory, and writes a small file there. Never rejects. */
export const probeDisk = async (path: string): Promise<DiskProbe> => {
  const failure = await tryWriting(path);
  try {
    const { bavail, bsize, blocks } = await statfs(path);
    return {
      path,
      freeBytes: bavail * bsize,
      sizeBytes: blocks * bsize,
      ...(failure === undefined ? {} : { failure }),
    };
  } catch (error) {
    return { path, freeBytes: 0, sizeBytes: 0, failure: failure ?? messageOf(error) };
  }
};
