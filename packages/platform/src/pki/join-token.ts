import { timingSafeEqual } from "node:crypto";
import { OperationError, toBase36 } from "@skein/base";
import type { Random } from "@skein/base";
import { DIGEST_LENGTH, rootDigest } from "../shared/root-digest.ts";

const PREFIX = "SWMTKN";
const VERSION = "1";
/** 16 random bytes in base 36 (behaviour.md, 18.2). */
const SECRET_BYTES = 16;
const SECRET_LENGTH = 25;

/** The parts of a join token. */
export interface JoinToken {
  /** Of the root certificate, in base 36: how the joining node knows the right cluster. */
  readonly digest: string;
  /** How the cluster knows that the node may join, and as what. */
  readonly secret: string;
}

/** `SWMTKN-1-<50 characters>-<25 characters>` */
export const formatJoinToken = ({ digest, secret }: JoinToken): string =>
  `${PREFIX}-${VERSION}-${digest}-${secret}`;

/** A new token for the cluster with this root certificate. */
export const newJoinToken = (rootPem: string, random: Random): string =>
  formatJoinToken({
    digest: rootDigest(rootPem),
    secret: toBase36(random.bytes(SECRET_BYTES)).padStart(SECRET_LENGTH, "0"),
  });

const isBase36 = (text: string, length: number): boolean =>
  text.length === length && /^[0-9a-z]+$/u.test(text);

/** The reason why a text is not a join token, for the log; clients match on the message alone. */
const problemOf = (parts: readonly string[]): string | undefined => {
  const [prefix, version, digest = "", secret = ""] = parts;
  if (prefix !== PREFIX) return `it does not begin with ${PREFIX}`;
  if (version !== VERSION) return `version "${version ?? ""}" is not known`;
  if (parts.length !== 4) return "it has not four parts";
  if (!isBase36(digest, DIGEST_LENGTH)) return "its digest is damaged";
  return isBase36(secret, SECRET_LENGTH) ? undefined : "its secret is damaged";
};

/**
 * Takes a token apart. Throws (kind `invalid-parameter`) `invalid join token`, as Docker does; the
 * cause says which part is wrong.
 */
export const parseJoinToken = (token: string): JoinToken => {
  const parts = token.trim().split("-");
  const problem = problemOf(parts);
  if (problem !== undefined)
    throw new OperationError("invalid-parameter", "invalid join token", {
      cause: new Error(problem),
    });
  const [, , digest = "", secret = ""] = parts;
  return { digest, secret };
};

/** True when both tokens are the same; takes as long whether they are or not. */
export const isSameJoinToken = (a: string, b: string): boolean => {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
};
