import { createHash, timingSafeEqual } from "node:crypto";
import { OperationError, toBase36 } from "@skein/base";
import { splitCertificates } from "./pem.ts";

/** Characters of a SHA-256 digest in base 36. */
export const DIGEST_LENGTH = 50;

const sha256 = (rootPem: string): Buffer =>
  createHash("sha256").update(splitCertificates(rootPem).join("")).digest();

/** The digest of a root certificate bundle as join tokens carry it: SHA-256 in base 36. */
export const rootDigest = (rootPem: string): string =>
  toBase36(sha256(rootPem)).padStart(DIGEST_LENGTH, "0");

/**
 * Rejects a root certificate that is not the one a join token speaks of: somebody stands between
 * us and the manager, or the token is of another cluster.
 */
export const assertRootDigest = (rootPem: string, expected: string): void => {
  const actual = Buffer.from(rootDigest(rootPem));
  const wanted = Buffer.from(expected.padStart(DIGEST_LENGTH, "0"));
  if (actual.length === wanted.length && timingSafeEqual(actual, wanted)) return;
  throw new OperationError(
    "invalid-parameter",
    `remote CA does not match fingerprint. Expected: ${expected}, got: ${actual.toString()}`,
  );
};
