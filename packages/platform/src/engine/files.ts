import { execFile } from "node:child_process";
import { chmod, chown, mkdir, readdir, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { WorkloadFile } from "@skein/agent";
import { messageOf, OperationError } from "@skein/base";
import { isMissing } from "../shared/atomic-file.ts";
import type { HostFile } from "./mounts.ts";

/** f_type of the file systems that live in memory: tmpfs and ramfs. */
const IN_MEMORY: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

/**
 * Secrets and configs of tasks, as files that containers see. They are never on a disk: the
 * directory is on a file system in memory, or one is mounted there.
 */
export class TaskFiles {
  readonly #root: string;
  #ready: Promise<void> | undefined;

  /** `root` is the directory; it is made when it is first needed. */
  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Writes a task's files, anew if there are some. Rejects (kind `internal`) when the directory
   * cannot be made to live in memory, or is full.
   */
  async write(taskId: string, files: readonly WorkloadFile[]): Promise<readonly HostFile[]> {
    if (files.length === 0) return [];
    await this.#prepare();
    const directory = join(this.#root, taskId);
    try {
      await mkdir(directory, { recursive: true, mode: 0o711 });
      const written: HostFile[] = [];
      for (const [index, file] of files.entries()) {
        const path = join(directory, String(index));
        await writeOne(path, file);
        written.push({ path, target: file.target });
      }
      return written;
    } catch (error) {
      throw new OperationError("internal", `cannot write secrets and configs: ${messageOf(error)}`);
    }
  }

  /** Removes a task's files, if there are any. */
  async remove(taskId: string): Promise<void> {
    await rm(join(this.#root, taskId), { recursive: true, force: true });
  }

  /** Ids of the tasks that have files. */
  async list(): Promise<readonly string[]> {
    try {
      return await readdir(this.#root);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  #prepare(): Promise<void> {
    this.#ready ??= this.#makeRoot().catch((error: unknown) => {
      this.#ready = undefined;
      throw new OperationError(
        "internal",
        `cannot keep secrets in memory at "${this.#root}": ${messageOf(error)}`,
        { cause: error },
      );
    });
    return this.#ready;
  }

  async #makeRoot(): Promise<void> {
    // Only root looks inside; the engine, which is root, mounts single files from it.
    await mkdir(this.#root, { recursive: true, mode: 0o700 });
    const { type } = await statfs(this.#root);
    if (IN_MEMORY.has(type)) return;
    const options = "mode=0700,nosuid,nodev,noexec";
    await promisify(execFile)("mount", ["-t", "tmpfs", "-o", options, "tmpfs", this.#root]);
  }
}

/** A file that is there already is replaced in place: a container may have it mounted. */
const writeOne = async (path: string, file: WorkloadFile): Promise<void> => {
  await writeFile(path, file.data, { mode: 0o600 });
  await chown(path, file.uid, file.gid);
  await chmod(path, file.mode);
};
