import { createPrivateKey } from "node:crypto";
import { OperationError, messageOf } from "@skein/base";
import type { Clock, Logger } from "@skein/base";
import type { JoiningHost } from "@skein/model";
import type {
  AuthorityConnection,
  CertificateAuthority,
  IssuedCertificate,
  Trust,
} from "../shared/certificate-authority.ts";
import type { Credentials } from "../shared/credentials.ts";
import { readIdentity } from "../shared/identity.ts";
import { assertRootDigest } from "../shared/root-digest.ts";
import { verifyChain } from "../shared/trust.ts";
import { createCertificateRequest } from "./certificate-request.ts";
import { writeCredentials } from "./credential-files.ts";
import { parseJoinToken } from "./join-token.ts";

/** Rounds through the addresses, and the pause between them (behaviour.md, 18.3). */
const JOIN_ROUNDS = 5;
const JOIN_PAUSE_MS = 2_000;

/** What joining needs. */
export interface JoinOptions {
  /** Managers, `host:port`; they are tried in turn. */
  readonly addresses: readonly string[];
  readonly token: string;
  /** What the managers are told of this machine. */
  readonly host?: JoiningHost;
  /** Where the credentials go. */
  readonly directory: string;
  /** Opens a connection to a manager's certificate authority. */
  readonly connect: (
    address: string,
    trust: Trust,
    signal: AbortSignal,
  ) => Promise<AuthorityConnection>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Nothing that the authority says is believed before it fits the key and the root we know. */
const checkIssued = (
  issued: IssuedCertificate,
  keyPem: string,
  trustedRootPem: string,
  now: number,
): Credentials => {
  const leaf = verifyChain(issued.certificate, trustedRootPem, now);
  const identity = readIdentity(leaf);
  if (!leaf.checkPrivateKey(createPrivateKey(keyPem)))
    throw new OperationError("internal", "the manager sent a certificate for another key");
  const { nodeId, role, clusterId } = issued;
  if (identity.nodeId !== nodeId || identity.role !== role || identity.clusterId !== clusterId)
    throw new OperationError("internal", "the manager sent a certificate for another node");
  verifyChain(issued.certificate, issued.roots, now);
  return { rootPem: issued.roots, certificatePem: issued.certificate, keyPem, identity };
};

const using = async <T>(
  connection: AuthorityConnection,
  task: (authority: CertificateAuthority) => Promise<T>,
): Promise<T> => {
  try {
    return await task(connection);
  } finally {
    await connection.close();
  }
};

const joinAt = async (address: string, options: JoinOptions): Promise<Credentials> => {
  const { token, host, connect, clock, signal } = options;
  const { digest } = parseJoinToken(token);
  const rootPem = await using(await connect(address, { kind: "anyone" }, signal), (authority) =>
    authority.rootCertificate(),
  );
  assertRootDigest(rootPem, digest);
  const { csr, keyPem } = await createCertificateRequest();
  const trust: Trust = { kind: "roots", rootPem };
  const issued = await using(await connect(address, trust, signal), (authority) =>
    authority.requestCertificate({ csr, token, ...(host ? { host } : {}) }),
  );
  return checkIssued(issued, keyPem, rootPem, clock.now());
};

/** What is said when the caller's patience ends before any manager answered. */
const gaveUp = (addresses: readonly string[], last: unknown): OperationError =>
  new OperationError(
    "unavailable",
    `Timeout was reached before node joined: ${
      last === undefined
        ? `no answer from ${addresses.join(", ")}: ${ADVICE}`
        : messageOf(unanswered(last))
    }`,
  );

/** What can be done about managers that do not answer. */
const ADVICE =
  "check that a manager runs there, and that nothing between the hosts keeps this TCP port from it";

const unanswered = (error: unknown): unknown =>
  error instanceof OperationError && error.message.startsWith("cannot connect to ")
    ? new OperationError("unavailable", `${error.message}: ${ADVICE}`, { cause: error })
    : error;

const isWorthRetrying = (error: unknown): boolean =>
  error instanceof OperationError &&
  (error.kind === "unavailable" || error.kind === "deadline-exceeded");

/**
 * Makes this machine a node: fetches the root certificate and compares it with the token, has a new
 * key certified, and writes the credentials. The token decides role and cluster. Managers that do
 * not answer are tried five times, two seconds apart, until the signal aborts; a wrong token or
 * digest fails at once. When it rejects, nothing has been written.
 */
export const joinCluster = async (options: JoinOptions): Promise<Credentials> => {
  const { addresses, directory, clock, logger, signal } = options;
  parseJoinToken(options.token);
  if (addresses.length === 0)
    throw new OperationError("invalid-parameter", "at least 1 RemoteAddr is required to join");
  let last: unknown;
  for (let round = 1; round <= JOIN_ROUNDS; round += 1) {
    for (const address of addresses) {
      try {
        const credentials = await joinAt(address, options);
        await writeCredentials(directory, credentials);
        return credentials;
      } catch (error) {
        if (signal.aborted) throw gaveUp(addresses, last);
        if (!isWorthRetrying(error)) throw error;
        last = error;
        logger.info("manager did not answer", { address, round, reason: messageOf(error) });
      }
    }
    if (round === JOIN_ROUNDS) break;
    await clock.sleep(JOIN_PAUSE_MS, signal).catch(() => {
      throw gaveUp(addresses, last);
    });
  }
  throw unanswered(last);
};

/** What a renewal needs. */
export interface RenewOptions {
  readonly current: Credentials;
  /** Puts the new credentials on the disk. */
  readonly save: (credentials: Credentials) => Promise<void>;
  /** Reached over mutual TLS with the current credentials. */
  readonly authority: CertificateAuthority;
  readonly clock: Clock;
}

/**
 * Gets a certificate for a new key under the node's present role, and saves it. The former
 * credentials stay when it rejects.
 */
export const renewCredentials = async (options: RenewOptions): Promise<Credentials> => {
  const { current, save, authority, clock } = options;
  const { csr, keyPem } = await createCertificateRequest();
  const issued = await authority.requestCertificate({ csr });
  const credentials = checkIssued(issued, keyPem, current.rootPem, clock.now());
  const { nodeId, clusterId } = current.identity;
  if (credentials.identity.nodeId !== nodeId || credentials.identity.clusterId !== clusterId)
    throw new OperationError("internal", "the manager sent a certificate for another node");
  await save(credentials);
  return credentials;
};
