import { X509Certificate } from "node:crypto";
import { rpcError } from "@skein/base";
import type { Root } from "@skein/model";
import { splitCertificates } from "../shared/pem.ts";
import { validityOf } from "../shared/trust.ts";
import { importSigningKey, parsePrivateKey } from "./keys.ts";
import { issuerOf } from "./tls-info.ts";
import { X509Certificate as ParsedCertificate } from "./x509-provider.ts";

/** A root that somebody brings must be valid at least this long (behaviour.md, 18.5). */
const VALIDITY_MIN_MS = 365 * 86_400_000;

const STRONG: ReadonlySet<string> = new Set(["SHA-256", "SHA-384", "SHA-512"]);

const parse = (certificatePem: string): X509Certificate => {
  const [pem, ...more] = splitCertificates(certificatePem);
  if (more.length > 0)
    throw rpcError(
      "invalid-parameter",
      "the desired CA certificate cannot contain multiple certificates",
    );
  try {
    return new X509Certificate(pem ?? "");
  } catch {
    throw rpcError("invalid-parameter", "could not parse the desired CA certificate");
  }
};

/** Signatures by SHA-1 or MD5 can be forged. */
const checkSignature = (normal: string): void => {
  const { name, hash }: { readonly name?: string; readonly hash?: { readonly name?: string } } =
    new ParsedCertificate(normal).signatureAlgorithm;
  if (name === "Ed25519" || STRONG.has(hash?.name ?? "")) return;
  throw rpcError(
    "invalid-parameter",
    "the desired CA certificate is signed by an unsupported algorithm: use SHA-256 or better",
  );
};

const checkKey = async (certificate: X509Certificate, keyPem: string): Promise<string> => {
  const key = parsePrivateKey(keyPem);
  if (!certificate.checkPrivateKey(key))
    throw rpcError("invalid-parameter", "the desired CA certificate and key do not match");
  await importSigningKey(keyPem);
  return key.export({ type: "pkcs8", format: "pem" }).toString();
};

/**
 * Checks a certificate and key that shall become the cluster's root; the key is empty when an
 * external authority holds it. Throws (kind `invalid-parameter`) the first rule that is broken: one
 * certificate, readable, of an authority, valid now and for a year to come, with its own key, strong
 * enough to sign.
 */
export const parseDesiredAuthority = async (
  certificatePem: string,
  keyPem: string,
  now: number,
): Promise<Root> => {
  const certificate = parse(certificatePem);
  const normal = splitCertificates(certificatePem).join("");
  if (!certificate.ca)
    throw rpcError("invalid-parameter", "the desired CA certificate is not of an authority");
  const { notBefore, notAfter } = validityOf(certificate);
  if (notBefore > now) throw rpcError("invalid-parameter", "CA certificate is not yet valid");
  if (notAfter < now + VALIDITY_MIN_MS)
    throw rpcError("invalid-parameter", "CA certificate expires too soon");
  checkSignature(normal);
  const key = keyPem === "" ? "" : await checkKey(certificate, keyPem);
  return { certificate: normal, key, issuer: issuerOf(normal) };
};
