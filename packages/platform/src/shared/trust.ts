import { X509Certificate } from "node:crypto";
import { OperationError, messageOf } from "@skein/base";
import { splitCertificates } from "./pem.ts";

/** Certificates between a node's and the root, and the tries made to order them. */
const DEPTH_MAX = 4;

/** When a certificate is valid: milliseconds since the epoch. */
export interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** When the certificate is valid. */
export const validityOf = (certificate: X509Certificate): Validity => ({
  notBefore: Date.parse(certificate.validFrom),
  notAfter: Date.parse(certificate.validTo),
});

const refused = (reason: string): OperationError =>
  new OperationError("forbidden", `the certificate is not trusted: ${reason}`);

/** The certificates of a bundle. Throws (kind `invalid-parameter`) when one cannot be read. */
export const parseCertificates = (bundle: string): readonly X509Certificate[] => {
  try {
    return splitCertificates(bundle).map((pem) => new X509Certificate(pem));
  } catch (error) {
    throw new OperationError(
      "invalid-parameter",
      `a certificate cannot be read: ${messageOf(error)}`,
      { cause: error },
    );
  }
};

/** The first certificate of a bundle: the node's own in a chain. */
export const leafOf = (bundle: string): X509Certificate => {
  const [leaf] = parseCertificates(bundle);
  if (leaf === undefined) throw new OperationError("invalid-parameter", "there is no certificate");
  return leaf;
};

const isIssuedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
  issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);

const assertValidAt = (certificate: X509Certificate, now: number): void => {
  const { notBefore, notAfter } = validityOf(certificate);
  if (now < notBefore) throw refused(`it is not valid before ${certificate.validFrom}`);
  if (now > notAfter) throw refused(`it expired on ${certificate.validTo}`);
};

const isLinked = (
  certificate: X509Certificate,
  between: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  depth: number,
): boolean =>
  roots.some((root) => isIssuedBy(certificate, root)) ||
  (depth < DEPTH_MAX &&
    between.some(
      (issuer) =>
        isIssuedBy(certificate, issuer) &&
        isLinked(
          issuer,
          between.filter((other) => other !== issuer),
          roots,
          depth + 1,
        ),
    ));

/** Whether a chain leads to one of the roots, whatever the time is. Throws when it can't be read. */
export const leadsTo = (chainPem: string, rootPem: string): boolean => {
  const [certificate, ...intermediates] = parseCertificates(chainPem);
  if (certificate === undefined) return false;
  return isLinked(certificate, intermediates, parseCertificates(rootPem), 0);
};

/**
 * Checks that a chain (the certificate first, then intermediates) leads to one of the roots and is
 * valid at `now`, and gives the certificate. Throws (kind `forbidden`) with the reason otherwise.
 */
export const verifyChain = (chainPem: string, rootPem: string, now: number): X509Certificate => {
  const [certificate, ...intermediates] = parseCertificates(chainPem);
  if (certificate === undefined) throw refused("there is none");
  assertValidAt(certificate, now);
  const isValid = (one: X509Certificate): boolean => {
    const { notBefore, notAfter } = validityOf(one);
    return notBefore <= now && now <= notAfter;
  };
  const roots = parseCertificates(rootPem).filter(isValid);
  if (!isLinked(certificate, intermediates.filter(isValid), roots, 0))
    throw refused("it was not issued by this cluster's certificate authority");
  return certificate;
};
