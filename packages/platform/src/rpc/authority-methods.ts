import { authorityMethods } from "../shared/certificate-authority.ts";
import type { AuthorityHandler, CertificateRequest } from "../shared/certificate-authority.ts";
import { OperationError } from "@skein/base";
import type { JoiningHost, ReachProof } from "@skein/model";
import type { RpcMethod } from "./router.ts";

const parseReach = (value: unknown): ReachProof => {
  const { kind, word, reason } = Object.fromEntries(Object.entries(value ?? {}));
  if (kind === "listens" && typeof word === "string") return { kind, word };
  return { kind: "cannot-listen", reason: typeof reason === "string" ? reason : "it does not say" };
};

const parseHost = (value: unknown): JoiningHost => {
  const { protocol, oldest, etcd, externalStore, advertiseAddr, reach } = Object.fromEntries(
    Object.entries(value ?? {}),
  );
  if (typeof protocol !== "number" || typeof advertiseAddr !== "string")
    throw new OperationError("invalid-parameter", "invalid description of the joining host");
  return {
    protocol,
    oldest: typeof oldest === "number" ? oldest : protocol,
    advertiseAddr,
    reach: parseReach(reach),
    externalStore: externalStore === true,
    ...(typeof etcd === "string" ? { etcd } : {}),
  };
};

const parseRequest = (value: unknown): CertificateRequest => {
  const { csr, token, host } = Object.fromEntries(Object.entries(value ?? {}));
  if (typeof csr !== "string")
    throw new OperationError("invalid-parameter", "invalid certificate request: it is missing");
  if (token === undefined) return { csr };
  if (typeof token === "string") {
    if (host === undefined) return { csr, token };
    return { csr, token, host: parseHost(host) };
  }
  throw new OperationError("invalid-parameter", "invalid join token");
};

/** The two calls that are open to anyone, for a router. */
export const authorityRoutes = (authority: AuthorityHandler): readonly RpcMethod[] => [
  {
    name: authorityMethods.rootCertificate,
    allow: "anyone",
    unary: () => Promise.resolve(authority.rootCertificate()),
  },
  {
    name: authorityMethods.requestCertificate,
    allow: "anyone",
    unary: (peer, request) => authority.requestCertificate(parseRequest(request), peer.identity),
  },
];
