import { exportPrivateKey, generateKeyPair } from "./keys.ts";
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from "./x509-provider.ts";
import type { Root } from "@skein/model";
import { splitCertificates } from "../shared/pem.ts";
import { issuerOf } from "./tls-info.ts";

/** The name of every root that we make, in subject, issuer and managers' certificates. */
export const ROOT_NAME = "swarm-ca";
/** Certificates are valid from this long before they are issued, for nodes whose clock is behind. */
export const BACKDATE_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** 20 years (behaviour.md, 18.1). */
const ROOT_LIFETIME_MS = 20 * 365 * DAY_MS;

/** A certificate authority that can sign. Plain text, so that it can be stored (sealed). */
export interface RootAuthority {
  /** PEM, one certificate. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly key: string;
  /**
   * PEM: this authority's certificate issued by the former root. Goes out with every certificate
   * while the root is rotated, so that nodes that only know the former root can follow.
   */
  readonly intermediate?: string;
}

/** Makes a new self-signed root: ECDSA P-256, 20 years, CN `swarm-ca`. */
export const createRootAuthority = async (now: number): Promise<Root> => {
  const keys = await generateKeyPair();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [ROOT_NAME] }],
    keys,
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now + ROOT_LIFETIME_MS),
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const [pem = ""] = splitCertificates(certificate.toString("pem"));
  const key = await exportPrivateKey(keys.privateKey);
  return { certificate: pem, key, issuer: issuerOf(pem) };
};
