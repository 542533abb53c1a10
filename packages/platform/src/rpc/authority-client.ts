import { OperationError } from "@skein/base";
import { authorityMethods } from "../shared/certificate-authority.ts";
import type {
  AuthorityConnection,
  CertificateAuthority,
  IssuedCertificate,
  Trust,
} from "../shared/certificate-authority.ts";
import { connectRpc } from "./client.ts";
import type { RpcConnection } from "./client.ts";

const unexpected = (): OperationError =>
  new OperationError("internal", "the manager's certificate authority gave an unexpected answer");

const parseIssued = (value: unknown): IssuedCertificate => {
  const { nodeId, role, clusterId, certificate, roots } = Object.fromEntries(
    Object.entries(value ?? {}),
  );
  if (role !== "manager" && role !== "worker") throw unexpected();
  if (typeof nodeId !== "string" || typeof clusterId !== "string") throw unexpected();
  if (typeof certificate !== "string" || typeof roots !== "string") throw unexpected();
  return { nodeId, role, clusterId, certificate, roots };
};

/** The certificate authority of the manager at the other end of a connection. */
export const authorityOver = (connection: RpcConnection): CertificateAuthority => ({
  rootCertificate: async () => {
    const roots = await connection.call(authorityMethods.rootCertificate, {});
    if (typeof roots !== "string") throw unexpected();
    return roots;
  },
  requestCertificate: async (request) =>
    parseIssued(await connection.call(authorityMethods.requestCertificate, request)),
});

/** Connects without a certificate, to join. Fits {@link JoinOptions.connect}. */
export const connectAuthority = async (
  address: string,
  trust: Trust,
  signal: AbortSignal,
): Promise<AuthorityConnection> => {
  const connection = await connectRpc({ address, as: trust, signal });
  return { ...authorityOver(connection), close: () => connection.close() };
};
