import { authorityMethods } from "../shared/certificate-authority.ts";
import type { AuthorityHandler, CertificateRequest } from "../shared/certificate-authority.ts";
import { OperationError } from "@skein/base";
import type { RpcMethod } from "./router.ts";

const parseRequest = (value: unknown): CertificateRequest => {
  const { csr, token } = Object.fromEntries(Object.entries(value ?? {}));
  if (typeof csr !== "string")
    throw new OperationError("invalid-parameter", "invalid certificate request: it is missing");
  if (token === undefined) return { csr };
  if (typeof token === "string") return { csr, token };
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
