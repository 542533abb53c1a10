import { join } from "node:path";
import type { Random } from "@skein/base";
import { OperationError } from "@skein/base";
import {
  formatUnlockKey,
  KEY_BYTES,
  parseUnlockKey,
  privateKeyKey,
  readCredentials,
  readManagerKey,
  removeUnfinishedWrites,
  writeCredentials,
  writeManagerKey,
} from "@skein/platform";
import type { Credentials, ManagerKey } from "@skein/platform";
import { certificateDirectory } from "./local-state.ts";

/** What is known of the two files. */
interface Contents {
  readonly credentials?: Credentials;
  readonly isPrivateKeyEncrypted: boolean;
  readonly dataKey?: Uint8Array;
  /** The unlock key that wraps the data key, as text; empty when it is in clear. */
  readonly wrappedBy: string;
}

/** A node's keys: there, or out of reach without the unlock key. */
export type OpenedKeyFiles =
  | { readonly kind: "locked" }
  | { readonly kind: "open"; readonly files: KeyFiles; readonly credentials: Credentials };

const managerKeyFile = (dataDir: string): string => join(dataDir, "manager.key");

/**
 * The files that hold this node's keys, and their only writer: the private key of its certificate and,
 * on managers, the data key of the cluster's state. With autolock the data key is wrapped by the unlock
 * key, and the private key is encrypted by a key that comes from the data key. So one file decides, and
 * after a crash between two writes one unlock key still opens both. See ADR 24.
 */
export class KeyFiles {
  readonly #dataDir: string;
  #now: Contents;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(dataDir: string, contents: Contents) {
    this.#dataDir = dataDir;
    this.#now = contents;
  }

  /** For a node that is about to enter a cluster: there are no files yet. */
  static forNewNode(dataDir: string): KeyFiles {
    return new KeyFiles(dataDir, { isPrivateKeyEncrypted: false, wrappedBy: "" });
  }

  /**
   * Reads the keys. Rejects (kind `unauthorized`) when `unlockKey` (`SWMKEY-1-...`) is the wrong one,
   * (`invalid-parameter`) when it is none, and (`internal`) when files are missing or damaged.
   */
  static async open(dataDir: string, unlockKey?: string): Promise<OpenedKeyFiles> {
    await removeUnfinishedWrites(dataDir);
    await removeUnfinishedWrites(certificateDirectory(dataDir));
    const given = unlockKey === undefined ? undefined : parseUnlockKey(unlockKey);
    const key = await readManagerKey(managerKeyFile(dataDir), given);
    const stored = await readCredentials(
      certificateDirectory(dataDir),
      key.kind === "open" ? privateKeyKey(key.key) : undefined,
    );
    if (stored.kind === "absent")
      throw new OperationError("internal", "this node's certificate is missing");
    if (stored.kind === "locked" && key.kind === "absent") throw withoutManagerKey(dataDir);
    if (stored.kind === "locked") return { kind: "locked" };
    const { credentials, isEncrypted } = stored;
    // A worker has no use for a data key; what lies there is from when it was a manager.
    if (key.kind === "locked" && credentials.identity.role === "manager") return { kind: "locked" };
    const files = new KeyFiles(dataDir, {
      credentials,
      isPrivateKeyEncrypted: isEncrypted,
      ...contentsOf(key, given),
    });
    return { kind: "open", files, credentials };
  }

  /** The data key of the cluster's state. Rejects (kind `internal`) when its file is missing. */
  async dataKey(): Promise<Uint8Array> {
    const { dataKey } = this.#now;
    if (dataKey === undefined) throw withoutManagerKey(this.#dataDir);
    return Promise.resolve(dataKey);
  }

  /** Makes a data key for a new state, in clear; {@link KeyFiles.seal} comes when it is in use. */
  async createDataKey(random: Random): Promise<Uint8Array> {
    const dataKey = random.bytes(KEY_BYTES);
    await this.useDataKey(dataKey);
    return dataKey;
  }

  /** Keeps the data key of a state that is there already, in clear, as a new one. */
  useDataKey(dataKey: Uint8Array): Promise<void> {
    return this.#exclusively(async () => {
      // Encrypted by the former data key, the private key would be lost with it.
      await this.#encryptPrivateKey(false);
      await writeManagerKey(managerKeyFile(this.#dataDir), dataKey);
      this.#now = { ...this.#now, dataKey, wrappedBy: "" };
    });
  }

  /**
   * Replaces the node's credentials. A manager's private key is encrypted while autolock is on. With a
   * worker's the data key is forgotten: a node that becomes a manager again makes a new one.
   */
  saveCredentials(credentials: Credentials): Promise<void> {
    const isManager = credentials.identity.role === "manager";
    return this.#exclusively(() =>
      this.#writeCredentials(credentials, isManager && this.#now.wrappedBy !== ""),
    );
  }

  /**
   * Brings a manager's files to what an unlock key asks for, or to clear ones when it is empty. Writes
   * only what differs; when it rejects, some may be done, and the rest is for the next call.
   */
  seal(unlockKey: string): Promise<void> {
    return this.#exclusively(async () => {
      if (this.#now.credentials?.identity.role !== "manager") return;
      // In this order an unlock key opens what is there at any moment.
      if (unlockKey !== "") await this.#encryptPrivateKey(true);
      await this.#wrapDataKey(unlockKey);
      if (unlockKey === "") await this.#encryptPrivateKey(false);
    });
  }

  async #encryptPrivateKey(encrypt: boolean): Promise<void> {
    const { credentials, isPrivateKeyEncrypted } = this.#now;
    if (credentials && isPrivateKeyEncrypted !== encrypt)
      await this.#writeCredentials(credentials, encrypt);
  }

  async #writeCredentials(credentials: Credentials, encrypt: boolean): Promise<void> {
    const key = encrypt ? privateKeyKey(await this.dataKey()) : undefined;
    await writeCredentials(certificateDirectory(this.#dataDir), credentials, key);
    const isManager = credentials.identity.role === "manager";
    const keys = isManager ? this.#now : { wrappedBy: "" };
    this.#now = { ...keys, credentials, isPrivateKeyEncrypted: encrypt };
  }

  async #wrapDataKey(unlockKey: string): Promise<void> {
    if (this.#now.wrappedBy === unlockKey) return;
    const key = unlockKey === "" ? undefined : parseUnlockKey(unlockKey);
    await writeManagerKey(managerKeyFile(this.#dataDir), await this.dataKey(), key);
    this.#now = { ...this.#now, wrappedBy: unlockKey };
  }

  #exclusively<T>(operation: () => Promise<T>): Promise<T> {
    const run = this.#writing.then(operation);
    this.#writing = run.catch(() => {
      // Whoever asked is told; the next operation goes ahead.
    });
    return run;
  }
}

const contentsOf = (
  key: ManagerKey,
  given: Uint8Array | undefined,
): Pick<Contents, "dataKey" | "wrappedBy"> => {
  if (key.kind !== "open") return { wrappedBy: "" };
  return { dataKey: key.key, wrappedBy: key.isWrapped && given ? formatUnlockKey(given) : "" };
};

const withoutManagerKey = (dataDir: string): OperationError =>
  new OperationError(
    "internal",
    `the manager key file "${managerKeyFile(dataDir)}" is missing: without it the cluster's state can't be read`,
  );
