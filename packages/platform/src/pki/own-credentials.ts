import type { Credentials } from "../shared/credentials.ts";
import { splitCertificates } from "../shared/pem.ts";
import { verifyChain } from "../shared/trust.ts";
import { createCertificateRequest } from "./certificate-request.ts";
import type { NodeCertificate, Signer } from "./signer.ts";

/** Credentials for the manager that holds the authority itself: the first of a new cluster. */
export const issueOwnCredentials = async (
  signer: Signer,
  rootPem: string,
  content: NodeCertificate,
): Promise<Credentials> => {
  const { csr, keyPem } = await createCertificateRequest();
  const certificatePem = await signer.issueNodeCertificate(csr, content);
  return { rootPem, certificatePem, keyPem, identity: content.identity };
};

/**
 * The same node with other roots to trust. Throws (kind `forbidden`) when its own certificate does
 * not lead to one of them: it would cut itself off.
 */
export const withRoots = (current: Credentials, rootPem: string, now: number): Credentials => {
  verifyChain(current.certificatePem, rootPem, now);
  return { ...current, rootPem: splitCertificates(rootPem).join("") };
};
