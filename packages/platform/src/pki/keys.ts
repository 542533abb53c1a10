import { createPrivateKey, webcrypto } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { OperationError } from "@skein/base";
import { toPem } from "../shared/pem.ts";

/** The algorithm of every key that we make. */
const keyAlgorithm = { name: "ECDSA", namedCurve: "P-256" } as const;
/** RSA keys of given certificate authorities must have at least this many bits. */
const RSA_BITS_MIN = 2048;

const curves: Readonly<Record<string, { readonly curve: string; readonly hash: string }>> = {
  prime256v1: { curve: "P-256", hash: "SHA-256" },
  secp384r1: { curve: "P-384", hash: "SHA-384" },
  secp521r1: { curve: "P-521", hash: "SHA-512" },
};

/** A private key ready to sign, with the algorithm to sign certificates with. */
export interface SigningKey {
  readonly key: webcrypto.CryptoKey;
  readonly signingAlgorithm: webcrypto.EcdsaParams | webcrypto.RsaHashedImportParams;
}

/** A new P-256 key pair whose private half can be exported. */
export const generateKeyPair = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"]);

/** A private key as PKCS #8 PEM, in clear. */
export const exportPrivateKey = async (key: webcrypto.CryptoKey): Promise<string> =>
  toPem("PRIVATE KEY", new Uint8Array(await webcrypto.subtle.exportKey("pkcs8", key)));

/** Parses a private key PEM of any usual kind. Throws (kind `invalid-parameter`). */
export const parsePrivateKey = (pem: string): KeyObject => {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new OperationError("invalid-parameter", "the private key cannot be read", {
      cause: error,
    });
  }
};

const weak = (): OperationError =>
  new OperationError(
    "invalid-parameter",
    "the private key must be ECDSA (P-256, P-384, P-521) or RSA of at least 2048 bits",
  );

/**
 * Makes a private key PEM ready to sign. Throws (kind `invalid-parameter`) when it cannot be read,
 * or is neither ECDSA on a NIST curve nor RSA of 2048 bits or more.
 */
export const importSigningKey = async (pem: string): Promise<SigningKey> => {
  const parsed = parsePrivateKey(pem);
  const der = parsed.export({ type: "pkcs8", format: "der" });
  const details = parsed.asymmetricKeyDetails ?? {};
  if (parsed.asymmetricKeyType === "ec") {
    const known = curves[details.namedCurve ?? ""];
    if (known === undefined) throw weak();
    const algorithm = { name: "ECDSA", namedCurve: known.curve };
    const key = await webcrypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
    return { key, signingAlgorithm: { name: "ECDSA", hash: known.hash } };
  }
  if (parsed.asymmetricKeyType !== "rsa" || (details.modulusLength ?? 0) < RSA_BITS_MIN)
    throw weak();
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const key = await webcrypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
  return { key, signingAlgorithm: algorithm };
};
