import { readFile } from "node:fs/promises";
import { OperationError } from "@skein/base";
import { isMissing, writeFileAtomically } from "../shared/atomic-file.ts";
import { KEY_BYTES, newSealer } from "../shared/sealing.ts";

const FORMAT = "skein-manager-key-1";
/** The name under which a wrapped key is sealed. */
const WRAPPED_NAME = "manager.key";

/**
 * What a manager key file holds: nothing, the data key in clear, or the data key wrapped by an
 * unlock key that the caller did not give.
 */
export type ManagerKey =
  | { readonly kind: "absent" }
  | { readonly kind: "locked" }
  | { readonly kind: "open"; readonly key: Uint8Array; readonly isWrapped: boolean };

interface KeyFile {
  readonly isWrapped: boolean;
  readonly bytes: Buffer;
}

const parseKeyFile = (path: string, text: string): KeyFile => {
  const damaged = (): OperationError =>
    new OperationError("internal", `the manager key file "${path}" is damaged`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw damaged();
  }
  const fields = new Map<string, unknown>(Object.entries(parsed ?? {}));
  const wrapping = fields.get("wrapping");
  const key = fields.get("key");
  if (fields.get("format") !== FORMAT || typeof key !== "string") throw damaged();
  if (wrapping !== "none" && wrapping !== "unlock-key") throw damaged();
  const bytes = Buffer.from(key, "base64");
  if (wrapping === "none" && bytes.length !== KEY_BYTES) throw damaged();
  return { isWrapped: wrapping === "unlock-key", bytes };
};

/**
 * Reads the data key. `unlockKey` is needed, and only looked at, when the key is wrapped. Rejects
 * (kind `unauthorized`) when it is the wrong one, and (kind `internal`) when the file is damaged.
 */
export const readManagerKey = async (path: string, unlockKey?: Uint8Array): Promise<ManagerKey> => {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return { kind: "absent" };
    throw error;
  }
  const { isWrapped, bytes } = parseKeyFile(path, text);
  if (!isWrapped) return { kind: "open", key: new Uint8Array(bytes), isWrapped };
  if (unlockKey === undefined) return { kind: "locked" };
  try {
    const key = newSealer(unlockKey).open(WRAPPED_NAME, bytes);
    return { kind: "open", key: new Uint8Array(key), isWrapped };
  } catch (error) {
    throw new OperationError("unauthorized", "swarm could not be unlocked: invalid key provided", {
      cause: error,
    });
  }
};

/**
 * Writes the data key, wrapped when an unlock key of 32 bytes is given; replaces what was there at
 * once or not at all, so that a manager can never lose its key by turning autolock on or off.
 */
export const writeManagerKey = async (
  path: string,
  key: Uint8Array,
  unlockKey?: Uint8Array,
): Promise<void> => {
  const bytes = unlockKey === undefined ? key : newSealer(unlockKey).seal(WRAPPED_NAME, key);
  const file = {
    format: FORMAT,
    wrapping: unlockKey === undefined ? "none" : "unlock-key",
    key: Buffer.from(bytes).toString("base64"),
  };
  await writeFileAtomically(path, `${JSON.stringify(file)}\n`);
};
