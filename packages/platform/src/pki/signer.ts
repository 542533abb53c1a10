import { OperationError } from "@skein/base";
import { roleUnit } from "../shared/identity.ts";
import type { NodeIdentity } from "../shared/identity.ts";
import { splitCertificates, toPem } from "../shared/pem.ts";
import { parseCertificateRequest } from "./certificate-request.ts";
import type { CfsslRequest } from "./cfssl.ts";
import { importSigningKey } from "./keys.ts";
import { BACKDATE_MS, ROOT_NAME } from "./root-authority.ts";
import type { RootAuthority } from "./root-authority.ts";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "./x509-provider.ts";
import type { Extension } from "./x509-provider.ts";

/** The shortest life of a node certificate (behaviour.md, 18.1). */
const LIFETIME_MIN_MS = 3_600_000;

/** What to put into a node's certificate. */
export interface NodeCertificate {
  readonly identity: NodeIdentity;
  readonly now: number;
  /** From `now` on; at least an hour, and never beyond the root's own end. */
  readonly lifetimeMs: number;
}

/** A certificate authority whose key is loaded. */
export interface Signer {
  /**
   * Certifies the key of a request for a node. Gives the chain: the certificate and, while the
   * root is rotated, what links it to the former root. Rejects (kind `invalid-parameter`) a bad
   * request; what the request says about its subject does not matter.
   */
  issueNodeCertificate(csr: string, content: NodeCertificate): Promise<string>;
  /**
   * Certifies another root's key under that root's own name: who trusts this authority then
   * accepts what the other one issues. PEM, for {@link RootAuthority.intermediate}. An external
   * authority needs the other one's key, to prove that it asks for it.
   */
  crossSign(other: RootAuthority): Promise<string>;
}

/** A name with one value per part, in the order that Docker's certificates have: O, OU, CN. */
const subjectOf = ({ nodeId, role, clusterId }: NodeIdentity): Record<string, string[]>[] => [
  { O: [clusterId] },
  { OU: [roleUnit[role]] },
  { CN: [nodeId] },
];

/** The DNS names in a node's certificate. */
export const hostNamesOf = ({ nodeId, role }: NodeIdentity): readonly string[] => [
  roleUnit[role],
  nodeId,
  ...(role === "manager" ? [ROOT_NAME] : []),
];

/** A node's name in the form of CFSSL's API. */
export const subjectPartsOf = ({
  nodeId,
  role,
  clusterId,
}: NodeIdentity): NonNullable<CfsslRequest["subject"]> => ({
  CN: nodeId,
  names: [{ O: clusterId, OU: roleUnit[role] }],
});

const namesOf = (identity: NodeIdentity): Extension =>
  new SubjectAlternativeNameExtension(
    hostNamesOf(identity).map((value) => ({ type: "dns", value })),
  );

const pemOf = (certificate: X509Certificate): string =>
  toPem("CERTIFICATE", new Uint8Array(certificate.rawData));

/**
 * The name that a root gives its own key, which need not be computed as we would: what it issues
 * must repeat it, or OpenSSL does not take the root for the issuer.
 */
const keyIdentifierOf = async (root: X509Certificate): Promise<string> =>
  root.getExtension(SubjectKeyIdentifierExtension)?.keyId ??
  (await SubjectKeyIdentifierExtension.create(root.publicKey)).keyId;

/**
 * Loads an authority. Rejects (kind `invalid-parameter`) when its certificate or key cannot be
 * read or is too weak.
 */
export const newSigner = async (authority: RootAuthority): Promise<Signer> => {
  const { key, signingAlgorithm } = await importSigningKey(authority.key);
  const root = new X509Certificate(authority.certificate);
  const identifier = new AuthorityKeyIdentifierExtension(await keyIdentifierOf(root));
  const issuedByUs = { issuer: root.subjectName, signingKey: key, signingAlgorithm };

  const issueNodeCertificate = async (csr: string, content: NodeCertificate): Promise<string> => {
    const { identity, now, lifetimeMs } = content;
    const { publicKey } = await parseCertificateRequest(csr);
    const end = Math.min(now + Math.max(lifetimeMs, LIFETIME_MIN_MS), root.notAfter.getTime());
    if (end <= now)
      throw new OperationError("failed-precondition", "the root certificate has expired");
    const certificate = await X509CertificateGenerator.create({
      ...issuedByUs,
      subject: subjectOf(identity),
      publicKey,
      notBefore: new Date(now - BACKDATE_MS),
      notAfter: new Date(end),
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
        namesOf(identity),
        await SubjectKeyIdentifierExtension.create(publicKey),
        identifier,
      ],
    });
    return pemOf(certificate) + splitCertificates(authority.intermediate ?? "").join("");
  };

  const crossSign = async (next: RootAuthority): Promise<string> => {
    const other = new X509Certificate(next.certificate);
    const certificate = await X509CertificateGenerator.create({
      ...issuedByUs,
      subject: other.subjectName,
      publicKey: other.publicKey,
      notBefore: other.notBefore,
      notAfter: new Date(Math.min(other.notAfter.getTime(), root.notAfter.getTime())),
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        new SubjectKeyIdentifierExtension(await keyIdentifierOf(other)),
        identifier,
      ],
    });
    return pemOf(certificate);
  };
  return { issueNodeCertificate, crossSign };
};
