import { createPrivateKey } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { OperationError } from "@skein/base";
import { isMissing, writeFileAtomically } from "../shared/atomic-file.ts";
import type { Credentials } from "../shared/credentials.ts";
import { readIdentity } from "../shared/identity.ts";
import { leadsTo, leafOf } from "../shared/trust.ts";

/** The files in `<data-dir>/certificates`, named as swarm's. */
const files = {
  root: "swarm-root-ca.crt",
  certificate: "swarm-node.crt",
  key: "swarm-node.key",
  /** All three together: three files cannot be replaced at once, one can. */
  pending: "swarm-node.pending",
} as const;
const PUBLIC = 0o644;

/** The three texts, as they are on the disk. */
interface Texts {
  readonly root: string;
  readonly certificate: string;
  readonly key: string;
}

/** What the directory holds: nothing, credentials, or a private key that was encrypted. */
export type StoredCredentials =
  | { readonly kind: "absent" }
  | { readonly kind: "locked" }
  | { readonly kind: "found"; readonly credentials: Credentials; readonly isEncrypted: boolean };

const readIfThere = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
};

const damaged = (directory: string, cause?: unknown): OperationError =>
  new OperationError("internal", `the certificates in "${directory}" are damaged`, { cause });

const replaceFiles = async (directory: string, texts: Texts): Promise<void> => {
  await writeFileAtomically(join(directory, files.root), texts.root, PUBLIC);
  await writeFileAtomically(join(directory, files.key), texts.key);
  await writeFileAtomically(join(directory, files.certificate), texts.certificate, PUBLIC);
  await rm(join(directory, files.pending), { force: true });
};

const parsePending = (directory: string, text: string): Texts => {
  try {
    const { root, certificate, key } = Object.fromEntries(Object.entries(JSON.parse(text) ?? {}));
    if (typeof root === "string" && typeof certificate === "string" && typeof key === "string")
      return { root, certificate, key };
  } catch (error) {
    throw damaged(directory, error);
  }
  throw damaged(directory);
};

/** Ends a replacement that a crash interrupted. */
const finishPending = async (directory: string): Promise<void> => {
  const pending = await readIfThere(join(directory, files.pending));
  if (pending !== undefined) await replaceFiles(directory, parsePending(directory, pending));
};

const passphraseOf = (key: Uint8Array): string => Buffer.from(key).toString("base64");

const decryptKey = (directory: string, pem: string, encryptionKey: Uint8Array): string => {
  try {
    const key = createPrivateKey({ key: pem, passphrase: passphraseOf(encryptionKey) });
    return key.export({ type: "pkcs8", format: "pem" }).toString();
  } catch (error) {
    const message = `the private key in "${directory}" was encrypted with another key`;
    throw new OperationError("internal", message, { cause: error });
  }
};

const encryptKey = (pem: string, encryptionKey: Uint8Array): string =>
  createPrivateKey(pem)
    .export({
      type: "pkcs8",
      format: "pem",
      cipher: "aes-256-cbc",
      passphrase: passphraseOf(encryptionKey),
    })
    .toString();

/**
 * Replaces the node's credentials in `directory`: after a crash at any moment the former ones or
 * the new ones are there, never a mixture. The private key is encrypted when a key of 32 bytes is given for it.
 */
export const writeCredentials = async (
  directory: string,
  credentials: Credentials,
  encryptionKey?: Uint8Array,
): Promise<void> => {
  const { rootPem, certificatePem, keyPem } = credentials;
  const key = encryptionKey === undefined ? keyPem : encryptKey(keyPem, encryptionKey);
  const texts: Texts = { root: rootPem, certificate: certificatePem, key };
  await writeFileAtomically(join(directory, files.pending), JSON.stringify(texts));
  await replaceFiles(directory, texts);
};

/**
 * Reads the node's credentials. Does not look at the clock: whether an expired certificate is of
 * use is for the caller to say. Rejects with kind `internal` when files are missing, cannot be
 * read or do not belong together, and when the private key was encrypted with another key.
 */
export const readCredentials = async (
  directory: string,
  encryptionKey?: Uint8Array,
): Promise<StoredCredentials> => {
  await finishPending(directory);
  const [root, certificate, stored] = await Promise.all(
    [files.root, files.certificate, files.key].map((name) => readIfThere(join(directory, name))),
  );
  if (certificate === undefined && stored === undefined) return { kind: "absent" };
  if (root === undefined || certificate === undefined || stored === undefined)
    throw damaged(directory);
  const isEncrypted = stored.includes("ENCRYPTED");
  if (isEncrypted && encryptionKey === undefined) return { kind: "locked" };
  const keyPem =
    isEncrypted && encryptionKey !== undefined
      ? decryptKey(directory, stored, encryptionKey)
      : stored;
  try {
    const leaf = leafOf(certificate);
    if (!leaf.checkPrivateKey(createPrivateKey(keyPem)))
      throw new Error("key of another certificate");
    if (!leadsTo(certificate, root)) throw new Error("roots of another cluster");
    const identity = readIdentity(leaf);
    const credentials = { rootPem: root, certificatePem: certificate, keyPem, identity };
    return { kind: "found", credentials, isEncrypted };
  } catch (error) {
    throw damaged(directory, error);
  }
};
