import { randomBytes, scrypt } from "node:crypto";
import { promisify } from "node:util";
import { OperationError } from "@skein/base";
import { parseUnlockKey } from "../shared/unlock-key.ts";
import { KEY_BYTES, newSealer } from "../shared/sealing.ts";

/** What the key of a backup is wrapped by; `none`: whoever has the file can read it. */
export type Protection = "none" | "passphrase" | "unlock-key";

/** The key of a backup as its file holds it. */
export interface WrappedKey {
  readonly protection: Protection;
  /** Base64; only with a passphrase. */
  readonly salt?: string;
  /** Base64. */
  readonly key: string;
}

/** What a backup is protected by. */
export type Protector =
  | { readonly protection: "none" }
  | { readonly protection: "passphrase"; readonly passphrase: string }
  /** `SWMKEY-1-...` */
  | { readonly protection: "unlock-key"; readonly unlockKey: string };

const NAME = "backup/key";
const SALT_BYTES = 16;
/** 64 MiB and about 0.2 s for each guess. */
const COST = { N: 65_536, r: 8, p: 1, maxmem: 128 * 1_048_576 } as const;

const stretch = promisify(
  (passphrase: string, salt: Buffer, done: (error: Error | null, key: Buffer) => void) =>
    scrypt(passphrase.normalize("NFKC"), salt, KEY_BYTES, COST, done),
);

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** Wraps the key of a backup. Rejects (kind `invalid-parameter`) when the unlock key is none. */
export const wrapKey = async (key: Uint8Array, protector: Protector): Promise<WrappedKey> => {
  const { protection } = protector;
  if (protection === "none") return { protection, key: base64(key) };
  if (protection === "unlock-key") {
    const sealer = newSealer(parseUnlockKey(protector.unlockKey));
    return { protection, key: base64(sealer.seal(NAME, key)) };
  }
  const salt = randomBytes(SALT_BYTES);
  const sealer = newSealer(await stretch(protector.passphrase, salt));
  return { protection, salt: base64(salt), key: base64(sealer.seal(NAME, key)) };
};

const WHAT = { passphrase: "passphrase", "unlock-key": "unlock key (SWMKEY-1-...)" } as const;

/**
 * The key of a backup. `secret` is the passphrase or unlock key that it is wrapped by. Rejects with
 * kind `invalid-parameter` when it is missing or of no use as such, `unauthorized` when it is the wrong one.
 */
export const unwrapKey = async (wrapped: WrappedKey, secret: string): Promise<Uint8Array> => {
  const { protection, salt = "", key } = wrapped;
  const bytes = Buffer.from(key, "base64");
  if (protection === "none") return bytes;
  const what = WHAT[protection];
  if (secret === "")
    throw new OperationError("invalid-parameter", `the backup is protected by a ${what}: give it`);
  const wrapping =
    protection === "unlock-key"
      ? parseUnlockKey(secret)
      : await stretch(secret, Buffer.from(salt, "base64"));
  try {
    return newSealer(wrapping).open(NAME, bytes);
  } catch (error) {
    throw new OperationError(
      "unauthorized",
      `the backup can't be opened: this is not its ${what}, or the file is damaged`,
      { cause: error },
    );
  }
};
