import type { NodeIdentity } from "./identity.ts";

/** What a node proves itself with, and whom it trusts. All PEM. */
export interface Credentials {
  /** The roots to trust: one, or two while the root is rotated. */
  readonly rootPem: string;
  /** The node's own certificate first, then what links it to a root. */
  readonly certificatePem: string;
  /** PKCS #8, in clear. */
  readonly keyPem: string;
  /** What the certificate says. */
  readonly identity: NodeIdentity;
}
