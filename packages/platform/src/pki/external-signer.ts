import { createPublicKey } from "node:crypto";
import { OperationError } from "@skein/base";
import type { Credentials } from "../shared/credentials.ts";
import { readIdentity } from "../shared/identity.ts";
import type { NodeIdentity } from "../shared/identity.ts";
import { splitCertificates, toPem } from "../shared/pem.ts";
import { leafOf, verifyChain } from "../shared/trust.ts";
import { createRequestOf, parseCertificateRequest } from "./certificate-request.ts";
import { signWithCfssl } from "./cfssl.ts";
import type { CfsslEndpoint, CfsslRequest } from "./cfssl.ts";
import type { RootAuthority } from "./root-authority.ts";
import { hostNamesOf, subjectPartsOf } from "./signer.ts";
import type { NodeCertificate, Signer } from "./signer.ts";

/** The profile under which CFSSL signs certificates of authorities, as in the reference. */
const CROSS_SIGN_PROFILE = "CA";

/** External authorities that hold the key of one root. */
export interface ExternalAuthorities {
  /** Complete addresses; they are tried in turn. */
  readonly urls: readonly string[];
  /** The root that they sign for, PEM. */
  readonly certificate: string;
  /** As {@link RootAuthority.intermediate}. */
  readonly intermediate?: string;
  /** PEM: under which their hosts' certificates are believed. */
  readonly trust: string;
  /** As whom to ask, at the time of the call. */
  readonly credentials: () => Credentials;
  /** How long each may take, 5 s by default. */
  readonly timeoutMs?: number;
}

const keyOf = (spki: ArrayBuffer): string =>
  createPublicKey(toPem("PUBLIC KEY", new Uint8Array(spki)))
    .export({ type: "spki", format: "der" })
    .toString("base64");

const unexpected = (what: string): OperationError =>
  new OperationError("unavailable", `the external CA signed ${what}`);

/** What comes back must be what was asked for: the cluster answers for it. */
const checkNodeCertificate = (chain: string, rootPem: string, content: NodeCertificate): void => {
  const found: NodeIdentity = readIdentity(verifyChain(chain, rootPem, content.now));
  const { nodeId, role, clusterId } = content.identity;
  if (found.nodeId !== nodeId || found.role !== role || found.clusterId !== clusterId)
    throw unexpected("for another node");
};

const checkKey = (chain: string, expected: string): void => {
  const key = leafOf(chain).publicKey.export({ type: "spki", format: "der" }).toString("base64");
  if (key !== expected) throw unexpected("another key");
};

/** Asks one after the other until one has signed. Rejects with what the last one said. */
const signWithAny = async (
  authorities: ExternalAuthorities,
  wanted: CfsslRequest,
): Promise<string> => {
  const { urls, trust, timeoutMs } = authorities;
  let last: unknown = new OperationError("unavailable", "there is no external CA");
  for (const url of urls) {
    const endpoint: CfsslEndpoint = {
      url,
      trust,
      timeoutMs,
      credentials: authorities.credentials(),
    };
    try {
      return splitCertificates(await signWithCfssl(endpoint, wanted)).join("");
    } catch (error) {
      last = error;
    }
  }
  throw last;
};

/** Signs through external authorities that speak CFSSL's API. How long is for them to say. */
export const newExternalSigner = (authorities: ExternalAuthorities): Signer => ({
  issueNodeCertificate: async (csr, content) => {
    const { publicKey } = await parseCertificateRequest(csr);
    const chain = await signWithAny(authorities, {
      certificate_request: csr,
      subject: subjectPartsOf(content.identity),
      hosts: hostNamesOf(content.identity),
    });
    checkNodeCertificate(chain, authorities.certificate, content);
    checkKey(chain, keyOf(publicKey.rawData));
    return chain + splitCertificates(authorities.intermediate ?? "").join("");
  },
  crossSign: async (next: RootAuthority) => {
    const wanted = await createRequestOf(next);
    const certificate = await signWithAny(authorities, {
      certificate_request: wanted,
      profile: CROSS_SIGN_PROFILE,
    });
    const signed = leafOf(certificate);
    if (!signed.ca || !signed.verify(leafOf(authorities.certificate).publicKey))
      throw unexpected("a certificate that is no authority of its root");
    const { publicKey } = leafOf(next.certificate);
    checkKey(certificate, publicKey.export({ type: "spki", format: "der" }).toString("base64"));
    return certificate;
  },
});
