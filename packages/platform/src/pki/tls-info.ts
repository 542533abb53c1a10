import { splitCertificates } from "../shared/pem.ts";
import { leafOf, parseCertificates } from "../shared/trust.ts";
import { X509Certificate } from "./x509-provider.ts";

/** What Docker's API says about trust, on the cluster and on each node. */
export interface TlsInfo {
  /** PEM. */
  readonly TrustRoot: string;
  /** Base64 of the DER name. */
  readonly CertIssuerSubject: string;
  /** Base64 of the DER SubjectPublicKeyInfo. */
  readonly CertIssuerPublicKey: string;
}

const base64 = (bytes: ArrayBuffer): string => Buffer.from(bytes).toString("base64");

/** The cluster's: its present root, which issues the certificates. */
export const clusterTlsInfo = (rootPem: string): TlsInfo => {
  const root = new X509Certificate(splitCertificates(rootPem)[0] ?? "");
  return {
    TrustRoot: splitCertificates(rootPem).join(""),
    CertIssuerSubject: base64(root.subjectName.toArrayBuffer()),
    CertIssuerPublicKey: base64(root.publicKey.rawData),
  };
};

/**
 * A node's: the roots that it trusts and who issued its certificate. That is the intermediate's
 * key while the root is rotated, which is the new root's.
 */
export const nodeTlsInfo = (rootPem: string, chainPem: string): TlsInfo => {
  const leaf = leafOf(chainPem);
  const candidates = [...parseCertificates(chainPem).slice(1), ...parseCertificates(rootPem)];
  const issuer = candidates.find((one) => leaf.checkIssued(one) && leaf.verify(one.publicKey));
  const own = new X509Certificate(leaf.raw);
  const issuerKey = issuer?.publicKey.export({ type: "spki", format: "der" });
  return {
    TrustRoot: splitCertificates(rootPem).join(""),
    CertIssuerSubject: base64(own.issuerName.toArrayBuffer()),
    CertIssuerPublicKey: issuerKey?.toString("base64") ?? "",
  };
};
