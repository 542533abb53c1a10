import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Credentials } from "../shared/credentials.ts";
import { readCredentials, writeCredentials } from "./credential-files.ts";
import { issueOwnCredentials, withRoots } from "./own-credentials.ts";
import { createRootAuthority } from "./root-authority.ts";
import { newSigner } from "./signer.ts";

const now = Date.now();
const make = async (nodeId: string): Promise<Credentials> => {
  const root = await createRootAuthority(now);
  const identity = { nodeId, role: "manager", clusterId: "c" } as const;
  const content = { identity, now, lifetimeMs: 1e10 };
  return issueOwnCredentials(await newSigner(root), root.certificate, content);
};

let first: Credentials;
let second: Credentials;
let directory = "";
beforeAll(async () => {
  first = await make("n1");
  second = await make("n2");
});
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "skein-cred-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

test("an empty directory holds none", async () => {
  expect(await readCredentials(join(directory, "missing"))).toEqual({ kind: "absent" });
});

test("credentials come back, under swarm's file names, the key for the owner only", async () => {
  await writeCredentials(directory, first);
  expect(await readCredentials(directory)).toEqual({
    kind: "found",
    isEncrypted: false,
    credentials: first,
  });
  expect(readdirSync(directory).toSorted()).toEqual([
    "swarm-node.crt",
    "swarm-node.key",
    "swarm-root-ca.crt",
  ]);
  expect(statSync(join(directory, "swarm-node.key")).mode & 0o777).toBe(0o600);
  await writeCredentials(directory, second);
  expect(await readCredentials(directory)).toEqual({
    kind: "found",
    isEncrypted: false,
    credentials: second,
  });
});

test("an encrypted key needs the key that it was encrypted with", async () => {
  const encryptionKey = new Uint8Array(randomBytes(32));
  await writeCredentials(directory, first, encryptionKey);
  const key = readFileSync(join(directory, "swarm-node.key"), "utf8");
  expect(key).toContain("BEGIN ENCRYPTED PRIVATE KEY");
  expect(await readCredentials(directory)).toEqual({ kind: "locked" });
  expect(await readCredentials(directory, encryptionKey)).toMatchObject({
    kind: "found",
    isEncrypted: true,
    credentials: first,
  });
  await expect(readCredentials(directory, randomBytes(32))).rejects.toMatchObject({
    kind: "internal",
    message: `the private key in "${directory}" was encrypted with another key`,
  });
});

test("a replacement that a crash interrupted is ended, whichever files it had reached", async () => {
  const names = ["swarm-root-ca.crt", "swarm-node.key", "swarm-node.crt"] as const;
  const texts = [second.rootPem, second.keyPem, second.certificatePem];
  const pending = { root: texts[0], key: texts[1], certificate: texts[2] };
  for (let reached = 0; reached <= 3; reached += 1) {
    await writeCredentials(directory, first);
    writeFileSync(join(directory, "swarm-node.pending"), JSON.stringify(pending));
    for (const [at, name] of names.slice(0, reached).entries())
      writeFileSync(join(directory, name), texts[at] ?? "");
    expect(await readCredentials(directory)).toEqual({
      kind: "found",
      isEncrypted: false,
      credentials: second,
    });
    expect(readdirSync(directory)).not.toContain("swarm-node.pending");
  }
});

test("files that are damaged, missing or of two nodes are refused", async () => {
  const refused = { kind: "internal", message: `the certificates in "${directory}" are damaged` };
  await writeCredentials(directory, first);
  writeFileSync(join(directory, "swarm-node.key"), second.keyPem);
  await expect(readCredentials(directory)).rejects.toMatchObject(refused);
  await writeCredentials(directory, first);
  for (const roots of ["", "nonsense", second.rootPem]) {
    writeFileSync(join(directory, "swarm-root-ca.crt"), roots);
    await expect(readCredentials(directory)).rejects.toMatchObject(refused);
  }
  await writeCredentials(directory, first);
  writeFileSync(join(directory, "swarm-node.key"), "nonsense");
  await expect(readCredentials(directory)).rejects.toMatchObject(refused);
  rmSync(join(directory, "swarm-node.key"));
  await expect(readCredentials(directory)).rejects.toMatchObject(refused);
  writeFileSync(join(directory, "swarm-node.pending"), "{");
  await expect(readCredentials(directory)).rejects.toMatchObject(refused);
});

test("roots that do not cover the node's own certificate are refused", () => {
  const both = withRoots(first, second.rootPem + first.rootPem, now);
  expect(both.rootPem).toBe(second.rootPem + first.rootPem);
  expect(() => withRoots(first, second.rootPem, now)).toThrow("was not issued by");
});
