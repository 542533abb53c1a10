import type { JoiningHost } from "@skein/model";
import type { NodeIdentity, NodeRole } from "./identity.ts";

/** The remote calls of the certificate authority, open to nodes without a certificate. */
export const authorityMethods = {
  rootCertificate: "ca.rootCertificate",
  requestCertificate: "ca.requestCertificate",
} as const;

/** A certificate signing request, with the join token when it is for a first certificate. */
export interface CertificateRequest {
  /** PEM. Its subject is ignored. */
  readonly csr: string;
  readonly token?: string;
  /** With the token; older builds say nothing of it. */
  readonly host?: JoiningHost;
}

/** An answered request. */
export interface IssuedCertificate {
  readonly nodeId: string;
  readonly role: NodeRole;
  readonly clusterId: string;
  /** PEM: the node's certificate, then what links it to the root. */
  readonly certificate: string;
  /** PEM: the roots to trust from now on. */
  readonly roots: string;
}

/** A certificate authority as a node sees it. */
export interface CertificateAuthority {
  /** The roots of the cluster, PEM. */
  rootCertificate(): Promise<string>;
  /**
   * Rejects with kind `invalid-parameter` for a bad token or request, `forbidden` for a node that
   * was removed, `unavailable` when it should be tried again or elsewhere.
   */
  requestCertificate(request: CertificateRequest): Promise<IssuedCertificate>;
}

/** Whom to believe when connecting: nobody yet, or the holders of certificates under these roots. */
export type Trust =
  | { readonly kind: "anyone" }
  | { readonly kind: "roots"; readonly rootPem: string };

/** A connection to a manager's certificate authority. */
export interface AuthorityConnection extends CertificateAuthority {
  close(): Promise<void>;
}

/** A certificate authority as it answers a caller, who is known by its certificate or is nobody. */
export interface AuthorityHandler {
  rootCertificate(): string;
  /**
   * Renews for a node of this cluster; admits anybody else by token. Rejects (kind
   * `invalid-parameter`) without a valid token or request.
   */
  requestCertificate(
    request: CertificateRequest,
    caller: NodeIdentity | undefined,
  ): Promise<IssuedCertificate>;
}
