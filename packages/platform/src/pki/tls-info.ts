import type { CertificateIssuer } from "@skein/model";
import { splitCertificates } from "../shared/pem.ts";
import { leafOf, parseCertificates } from "../shared/trust.ts";
import { X509Certificate } from "./x509-provider.ts";

/** What Docker's API says about a node's trust. */
export interface TlsInfo {
  /** PEM. */
  readonly TrustRoot: string;
  /** Base64 of the DER name. */
  readonly CertIssuerSubject: string;
  /** Base64 of the DER SubjectPublicKeyInfo. */
  readonly CertIssuerPublicKey: string;
}

const base64 = (bytes: ArrayBuffer): string => Buffer.from(bytes).toString("base64");

/** Who signs as this root (PEM), in the form in which nodes report who signed for them. */
export const issuerOf = (rootPem: string): CertificateIssuer => {
  const root = new X509Certificate(splitCertificates(rootPem)[0] ?? "");
  return {
    subject: base64(root.subjectName.toArrayBuffer()),
    publicKey: base64(root.publicKey.rawData),
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
