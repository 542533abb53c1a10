// Goal: with autolock nothing on the disk can be read without the unlock key, and no crash locks anybody out.
// Method: real files; a crash is a copy of the directory after any number of its writes.
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { cp, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newVirtualClock, seededRandom } from "@skein/base";
import {
  createRootAuthority,
  formatUnlockKey,
  issueOwnCredentials,
  newSigner,
  newUnlockKey,
  readCredentials,
} from "@skein/platform";
import type { Credentials, NodeRole } from "@skein/platform";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { KeyFiles } from "./key-files.ts";
import { certificateDirectory } from "./local-state.ts";

const random = seededRandom(3);
const [first, second] = [newUnlockKey(random), newUnlockKey(random)].map(formatUnlockKey) as [
  string,
  string,
];

let issue: (role: NodeRole) => Promise<Credentials>;
beforeAll(async () => {
  const now = newVirtualClock().now();
  const root = await createRootAuthority(now);
  const signer = await newSigner(root);
  issue = (role) => {
    const identity = { nodeId: "n1", role, clusterId: "c1" };
    return issueOwnCredentials(signer, root.certificate, { identity, now, lifetimeMs: 1e10 });
  };
});

let dataDir: string;
let files: KeyFiles;
let credentials: Credentials;
let dataKey: Uint8Array;
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "skein-key-files-"));
  files = KeyFiles.forNewNode(dataDir);
  credentials = await issue("manager");
  await files.saveCredentials(credentials);
  dataKey = await files.createDataKey(random);
});

const privateKeyText = (): string =>
  readFileSync(join(certificateDirectory(dataDir), "swarm-node.key"), "utf8");

/** What the files hold for somebody who has this unlock key. */
const openWith = async (unlockKey?: string, directory = dataDir): Promise<unknown> => {
  const opened = await KeyFiles.open(directory, unlockKey);
  if (opened.kind === "locked") return "locked";
  return { keyPem: opened.credentials.keyPem, dataKey: await opened.files.dataKey() };
};

test("in clear, everything opens without a key, and any key is welcome", async () => {
  const all = { keyPem: credentials.keyPem, dataKey };
  expect(await openWith()).toEqual(all);
  expect(await openWith(first)).toEqual(all);
});

test("sealed, neither key is readable; the unlock key of the moment opens both", async () => {
  const all = { keyPem: credentials.keyPem, dataKey };
  for (const unlockKey of [first, second]) {
    await files.seal(unlockKey);
    expect(await openWith()).toBe("locked");
    expect(await openWith(unlockKey)).toEqual(all);
    expect(privateKeyText()).toContain("BEGIN ENCRYPTED PRIVATE KEY");
    const managerKey = readFileSync(join(dataDir, "manager.key"), "utf8");
    expect(managerKey).not.toContain(Buffer.from(dataKey).toString("base64"));
  }
  await expect(openWith(first)).rejects.toMatchObject({
    kind: "unauthorized",
    message: "swarm could not be unlocked: invalid key provided",
  });
  await expect(openWith("nonsense")).rejects.toMatchObject({
    kind: "invalid-parameter",
    message: "invalid key string",
  });
  await files.seal("");
  expect(await openWith()).toEqual(all);
});

test("files that were opened with a key know what they are sealed with", async () => {
  await files.seal(first);
  const opened = await KeyFiles.open(dataDir, first);
  if (opened.kind === "locked") throw new Error("still locked");
  const renewed = await issue("manager");
  await opened.files.saveCredentials(renewed);
  expect(await openWith()).toBe("locked");
  expect(await openWith(first)).toEqual({ keyPem: renewed.keyPem, dataKey });
  await opened.files.seal("");
  expect(await openWith()).toEqual({ keyPem: renewed.keyPem, dataKey });
});

test("a renewal and a change of the lock at the same time leave what both asked for", async () => {
  const renewed = await issue("manager");
  await Promise.all([files.seal(first), files.saveCredentials(renewed), files.seal(second)]);
  expect(await openWith()).toBe("locked");
  expect(await openWith(second)).toEqual({ keyPem: renewed.keyPem, dataKey });
});

test("a manager that becomes a worker needs no unlock key any more", async () => {
  await files.seal(first);
  const worker = await issue("worker");
  await files.saveCredentials(worker);
  for (const unlockKey of [first, second]) {
    await files.seal(unlockKey);
    expect(privateKeyText()).toBe(worker.keyPem);
    expect(await KeyFiles.open(dataDir)).toMatchObject({ kind: "open", credentials: worker });
  }
});

test("a worker that becomes a manager again starts with a new data key, whatever lay there", async () => {
  await files.seal(first);
  await files.saveCredentials(await issue("worker"));
  await files.saveCredentials(credentials);
  expect(privateKeyText()).toBe(credentials.keyPem);
  const renewed = await files.createDataKey(random);
  expect(renewed).not.toEqual(dataKey);
  expect(await openWith()).toEqual({ keyPem: credentials.keyPem, dataKey: renewed });
  await files.seal(second);
  const again = await files.createDataKey(random);
  expect(await openWith()).toEqual({ keyPem: credentials.keyPem, dataKey: again });
});

test("after a crash between two writes one of the two unlock keys opens both files", async () => {
  const all = { keyPem: credentials.keyPem, dataKey };
  const changes = [
    ["", first],
    [first, second],
    [second, ""],
  ] as const;
  for (const [from, to] of changes) {
    await files.seal(from);
    const before = `${dataDir}-before`;
    await cp(dataDir, before, { recursive: true, force: true });
    await files.seal(to);
    // manager.key and the private key are the two files; any mixture of old and new that the order
    // of the writes allows must open with the key that manager.key asks for.
    const mixture = `${dataDir}-mixture`;
    const newest = to === "" ? "manager.key" : "certificates";
    await mkdir(mixture, { recursive: true });
    await cp(before, mixture, { recursive: true, force: true });
    await cp(join(dataDir, newest), join(mixture, newest), { recursive: true, force: true });
    const key = newest === "manager.key" ? to : from;
    expect(await openWith(key === "" ? undefined : key, mixture)).toEqual(all);
    const opened = await KeyFiles.open(mixture, key === "" ? undefined : key);
    if (opened.kind === "locked") throw new Error("still locked");
    await opened.files.seal(to);
    expect(await openWith(to === "" ? undefined : to, mixture)).toEqual(all);
  }
});

test("what a crash left of a write is removed: it may hold a key in clear", async () => {
  for (const directory of [dataDir, certificateDirectory(dataDir)]) {
    const leftover = join(directory, ".0123456789ab.tmp");
    writeFileSync(leftover, credentials.keyPem);
    await KeyFiles.open(dataDir);
    expect(existsSync(leftover)).toBe(false);
  }
});

test("without manager.key the state can't be read, and that is said", async () => {
  const bare = mkdtempSync(join(tmpdir(), "skein-key-files-"));
  await expect(KeyFiles.open(bare)).rejects.toThrow("this node's certificate is missing");
  await KeyFiles.forNewNode(bare).saveCredentials(credentials);
  const opened = await KeyFiles.open(bare);
  if (opened.kind === "locked") throw new Error("locked");
  await expect(opened.files.dataKey()).rejects.toThrow("is missing: without it");
  await files.seal(first);
  await cp(certificateDirectory(dataDir), certificateDirectory(bare), { recursive: true });
  await expect(KeyFiles.open(bare, first)).rejects.toThrow("is missing: without it");
  expect(await readCredentials(certificateDirectory(bare))).toEqual({ kind: "locked" });
});
