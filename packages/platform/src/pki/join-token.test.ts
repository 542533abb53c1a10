import { createHash } from "node:crypto";
import { OperationError, seededRandom } from "@skein/base";
import { beforeAll, expect, test } from "vitest";
import { assertRootDigest, rootDigest } from "../shared/root-digest.ts";
import { formatJoinToken, isSameJoinToken, newJoinToken, parseJoinToken } from "./join-token.ts";
import { createRootAuthority } from "./root-authority.ts";

let rootPem = "";
beforeAll(async () => {
  rootPem = (await createRootAuthority(Date.now())).certificate;
});

test("a token has Docker's form and carries the root's digest", () => {
  for (let seed = 0; seed < 200; seed += 1) {
    const token = newJoinToken(rootPem, seededRandom(seed));
    expect(token).toMatch(/^SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}$/);
    const parsed = parseJoinToken(token);
    expect(formatJoinToken(parsed)).toBe(token);
    expect(parsed.digest).toBe(rootDigest(rootPem));
  }
});

test("the digest is SHA-256 of the normal form, however the PEM is written", () => {
  const sha = createHash("sha256").update(rootPem).digest("hex");
  expect(rootDigest(rootPem)).toBe(BigInt(`0x${sha}`).toString(36).padStart(50, "0"));
  const other = `# a comment\r\n${rootPem.replaceAll("\n", "\r\n")}\r\ntrailing`;
  expect(rootDigest(other)).toBe(rootDigest(rootPem));
});

test.each([
  "",
  "SWMTKN",
  "SWMKEY-1-abc",
  `SWMTKN-3-${"a".repeat(50)}-${"b".repeat(25)}`,
  `SWMTKN-1-${"a".repeat(49)}-${"b".repeat(25)}`,
  `SWMTKN-1-${"a".repeat(50)}-${"b".repeat(24)}`,
  `SWMTKN-1-${"A".repeat(50)}-${"b".repeat(25)}`,
  `SWMTKN-1-${"a".repeat(50)}-${"b".repeat(25)}-x`,
])("refuses %j with a reason in the cause", (text) => {
  const parse = (): unknown => parseJoinToken(text);
  expect(parse).toThrow(OperationError);
  expect(parse).toThrow("invalid join token");
  expect(parse).toThrow(
    expect.objectContaining({ kind: "invalid-parameter", cause: expect.any(Error) }),
  );
});

test("blanks around a pasted token do not matter", () => {
  const token = newJoinToken(rootPem, seededRandom(1));
  expect(formatJoinToken(parseJoinToken(` ${token}\n`))).toBe(token);
});

test("tokens are compared whole", () => {
  const token = newJoinToken(rootPem, seededRandom(1));
  expect(isSameJoinToken(token, newJoinToken(rootPem, seededRandom(1)))).toBe(true);
  expect(isSameJoinToken(token, newJoinToken(rootPem, seededRandom(2)))).toBe(false);
  expect(isSameJoinToken(token, token.slice(0, -1))).toBe(false);
});

test("a root certificate is accepted only under its own digest", async () => {
  const digest = rootDigest(rootPem);
  expect(() => assertRootDigest(rootPem, digest)).not.toThrow();
  const other = (await createRootAuthority(Date.now())).certificate;
  expect(() => assertRootDigest(other, digest)).toThrow(
    `remote CA does not match fingerprint. Expected: ${digest}, got: ${rootDigest(other)}`,
  );
  expect(() => assertRootDigest("nonsense", digest)).toThrow("does not match fingerprint");
});
