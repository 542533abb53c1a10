import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { OperationError } from "@skein/base";

/*
 * A sealed value is
 *
 *   version (1 byte) | epoch (16 bytes) | counter (6 bytes) | ciphertext | tag (16 bytes)
 *
 * An epoch is drawn at random for each sealer. Its key comes from the data key by HKDF-SHA256, and
 * the nonce is the counter: no nonce is ever used twice under one key, however many values a
 * cluster writes in its life. The value's name is authenticated with it, so that values cannot
 * change places. See docs/adr for why.
 */

/** Bytes in a data key and in an unlock key. */
export const KEY_BYTES = 32;
const VERSION = 1;
const EPOCH_BYTES = 16;
const COUNTER_BYTES = 6;
const HEADER_BYTES = 1 + EPOCH_BYTES + COUNTER_BYTES;
const TAG_BYTES = 16;
/** GCM's nonce has 96 bits; the counter fills the last 48. */
const NONCE_PADDING = Buffer.alloc(12 - COUNTER_BYTES);
/** Epochs met while reading whose derived keys are kept: each start of the daemon makes one. */
const CACHED_EPOCHS_MAX = 1_000;

/** Encrypts and authenticates values with one data key. */
export interface Sealer {
  /** What goes to the disk for the value called `name`. */
  seal(name: string, value: Uint8Array): Buffer;
  /**
   * The value that was sealed under `name`. Throws (kind `internal`) when it was damaged, moved
   * from another name, or sealed with another key.
   */
  open(name: string, sealed: Uint8Array): Buffer;
}

const epochKey = (dataKey: Uint8Array, epoch: Uint8Array): Buffer =>
  Buffer.from(hkdfSync("sha256", dataKey, epoch, "skein sealed value", KEY_BYTES));

/** A short public name for a data key, to tell "another key" from "damaged". */
export const keyIdentifier = (dataKey: Uint8Array): string =>
  Buffer.from(hkdfSync("sha256", dataKey, "", "skein key identifier", 8)).toString("hex");

/**
 * The key for this node's private key while autolock is on. It comes from the data key, so that whoever
 * unlocks `manager.key` has both, and a new unlock key means one small file to write.
 */
export const privateKeyKey = (dataKey: Uint8Array): Uint8Array =>
  new Uint8Array(hkdfSync("sha256", dataKey, "", "skein node private key", KEY_BYTES));

const damaged = (name: string, cause?: unknown): OperationError =>
  new OperationError("internal", `the sealed value "${name}" is damaged`, { cause });

/** A sealer for a data key of {@link KEY_BYTES} bytes. */
export const newSealer = (dataKey: Uint8Array): Sealer => {
  const epoch = randomBytes(EPOCH_BYTES);
  const ownKey = epochKey(dataKey, epoch);
  const keys = new Map<string, Buffer>([[epoch.toString("latin1"), ownKey]]);
  let counter = 0;

  const keyOf = (of: Buffer): Buffer => {
    const name = of.toString("latin1");
    const known = keys.get(name);
    if (known !== undefined) return known;
    const derived = epochKey(dataKey, of);
    if (keys.size < CACHED_EPOCHS_MAX) keys.set(name, derived);
    return derived;
  };

  const seal = (name: string, value: Uint8Array): Buffer => {
    counter += 1;
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt8(VERSION, 0);
    epoch.copy(header, 1);
    header.writeUIntBE(counter, 1 + EPOCH_BYTES, COUNTER_BYTES);
    const nonce = Buffer.concat([NONCE_PADDING, header.subarray(1 + EPOCH_BYTES)]);
    const cipher = createCipheriv("aes-256-gcm", ownKey, nonce);
    cipher.setAAD(Buffer.from(name));
    return Buffer.concat([header, cipher.update(value), cipher.final(), cipher.getAuthTag()]);
  };

  const open = (name: string, sealed: Uint8Array): Buffer => {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    if (bytes.length < HEADER_BYTES + TAG_BYTES || bytes[0] !== VERSION) throw damaged(name);
    const key = keyOf(bytes.subarray(1, 1 + EPOCH_BYTES));
    const nonce = Buffer.concat([NONCE_PADDING, bytes.subarray(1 + EPOCH_BYTES, HEADER_BYTES)]);
    const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(name));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      const body = decipher.update(bytes.subarray(HEADER_BYTES, -TAG_BYTES));
      return Buffer.concat([body, decipher.final()]);
    } catch (error) {
      throw damaged(name, error);
    }
  };
  return { seal, open };
};
