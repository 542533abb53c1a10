import { open, rename, rm } from "node:fs/promises";
import { CommandError } from "../../command/errors.ts";
import type { Context, Run } from "../../command/spec.ts";
import { backupFlags } from "./tool-flags.ts";

/** Only the owner may read it: it holds the root's key and all secrets. */
const OWNER_ONLY = 0o600;
const NEW_LINE = 10;

const UNPROTECTED =
  "WARNING: nothing protects this file: it holds the cluster's root key, its join tokens and all secrets. " +
  "Use --passphrase, or keep it where you would keep these.\n";

/** `skein-backup-2026-11-28T18-00-00.skein`, in the present directory. */
const defaultName = (now: number): string =>
  `skein-backup-${new Date(now).toISOString().slice(0, 19).replaceAll(":", "-")}.skein`;

const askPassphrase = async (context: Context): Promise<string> => {
  const passphrase = await context.readSecret("Passphrase: ");
  if (passphrase === "") throw new CommandError("the passphrase is empty");
  return passphrase;
};

/** Looks at a backup while it passes: how it begins, and whether it has its end. */
class Passing {
  #head = "";
  #line = "";
  #isBetween = true;

  take(chunk: Uint8Array): void {
    if (!this.#head.includes("\n")) this.#head += Buffer.from(chunk).toString("latin1");
    const at = chunk.lastIndexOf(NEW_LINE, -2);
    // Of the last line only the beginning counts; lines are longer than chunks.
    if (at >= 0 || this.#isBetween) this.#line = "";
    this.#isBetween = chunk.at(-1) === NEW_LINE;
    this.#line = (this.#line + Buffer.from(chunk.subarray(at + 1)).toString("latin1")).slice(0, 8);
  }

  checkEnd(): void {
    if (!this.#line.startsWith("end:"))
      throw new CommandError("the backup is not whole, the daemon has ended it: try again");
  }

  get isProtected(): boolean {
    return !this.#head.slice(0, this.#head.indexOf("\n")).includes('"protection":"none"');
  }
}

/** Writes to a file that appears when it is whole and on the disk. One that is there is not touched. */
const writeWhole = async (path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> => {
  const unfinished = `${path}.part`;
  const claim = await open(path, "wx", OWNER_ONLY).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`the backup can't be written: ${reason}`);
  });
  await claim.close();
  try {
    const file = await open(unfinished, "w", OWNER_ONLY);
    try {
      for await (const chunk of chunks) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    await rm(path, { force: true });
    throw error;
  }
};

/** `skein backup`: the whole state of the cluster in a file, or on stdout. */
export const run: Run = async (context, flags) => {
  const passphrase = flags.on(backupFlags.passphrase) ? await askPassphrase(context) : "";
  const path = flags.get(backupFlags.to) ?? defaultName(context.clock.now());
  const chunks = await context.client().backup.make(passphrase);
  const passing = new Passing();
  const checked = async function* checked(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      passing.take(chunk);
      yield chunk;
    }
    passing.checkEnd();
  };
  if (path === "-") {
    const decoder = new TextDecoder();
    for await (const chunk of checked()) context.out(decoder.decode(chunk, { stream: true }));
  } else {
    await writeWhole(path, checked());
    context.out(`${path}\n`);
  }
  if (!passing.isProtected) context.error(UNPROTECTED);
};
