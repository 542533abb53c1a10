import type { CertificateIssuer, NextRoot, Node, Root, RootCa } from "@skein/model";

/** The root that certificates are issued under now: the next one while the root is rotated. */
export const issuingRoot = ({ rotation, ...present }: RootCa): Root & Partial<NextRoot> =>
  rotation ?? present;

/** Every root that nodes should trust now, PEM. */
export const trustedRoots = ({ certificate, rotation }: RootCa): string =>
  certificate + (rotation?.certificate ?? "");

/** Whether a node has said that its certificate was issued by `issuer`. */
export const isIssuedBy = ({ description }: Node, issuer: CertificateIssuer): boolean => {
  const { CertIssuerSubject = "", CertIssuerPublicKey = "" } = description?.TLSInfo ?? {};
  return (
    description !== undefined &&
    CertIssuerSubject === issuer.subject &&
    CertIssuerPublicKey === issuer.publicKey
  );
};
