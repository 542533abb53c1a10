import { OperationError } from "@skein/base";
import { toPem } from "../shared/pem.ts";
import { exportPrivateKey, generateKeyPair, importSigningKey } from "./keys.ts";
import type { RootAuthority } from "./root-authority.ts";
import {
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  X509Certificate,
} from "./x509-provider.ts";

/** Longer requests are refused unread: ours have about 400 bytes. */
const REQUEST_BYTES_MAX = 16_384;

/** A new key and the request to have it certified. PEM. */
export interface NewRequest {
  readonly csr: string;
  readonly keyPem: string;
}

/** Makes a P-256 key and a signing request for it. The subject is empty: the authority decides it. */
export const createCertificateRequest = async (): Promise<NewRequest> => {
  const keys = await generateKeyPair();
  const request = await Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
  });
  const csr = toPem("CERTIFICATE REQUEST", new Uint8Array(request.rawData));
  return { csr, keyPem: await exportPrivateKey(keys.privateKey) };
};

/** A signing request for an authority's own key under its own name, PEM. */
export const createRequestOf = async ({ certificate, key }: RootAuthority): Promise<string> => {
  const root = new X509Certificate(certificate);
  const { key: privateKey, signingAlgorithm } = await importSigningKey(key);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: root.subjectName,
    keys: { privateKey, publicKey: await root.publicKey.export() },
    signingAlgorithm,
  });
  return toPem("CERTIFICATE REQUEST", new Uint8Array(request.rawData));
};

const invalid = (reason: string, cause?: unknown): OperationError =>
  new OperationError("invalid-parameter", `invalid certificate request: ${reason}`, { cause });

const read = (csr: string): Pkcs10CertificateRequest => {
  if (csr.length > REQUEST_BYTES_MAX) throw invalid("it is too long");
  try {
    return new Pkcs10CertificateRequest(csr);
  } catch (error) {
    throw invalid("it cannot be read", error);
  }
};

const isSigned = async (request: Pkcs10CertificateRequest): Promise<boolean> => {
  try {
    return await request.verify();
  } catch {
    // An algorithm or a point that WebCrypto refuses proves nothing either.
    return false;
  }
};

/**
 * Parses a request and checks that its sender holds the private key. Throws (kind
 * `invalid-parameter`) unless it is well-formed, signed by its own key, and that key is P-256.
 */
export const parseCertificateRequest = async (csr: string): Promise<Pkcs10CertificateRequest> => {
  const request = read(csr);
  const algorithm: { readonly name: string; readonly namedCurve?: string } =
    request.publicKey.algorithm;
  if (algorithm.name !== "ECDSA" || algorithm.namedCurve !== "P-256")
    throw invalid("the key must be ECDSA on the curve P-256");
  if (!(await isSigned(request))) throw invalid("it is not signed by its own key");
  return request;
};
