import { rpcError } from "@skein/base";
import type { NextRoot, Root, RootCa } from "@skein/model";
import type { CAConfig } from "@skein/wire";

/** What an update of the cluster's settings asks of the root. */
export type RootChange =
  | { readonly kind: "none" }
  /** A new root of our own making takes the place of the present one. */
  | { readonly kind: "generate" }
  /** This one does; the key is empty when an external authority holds it. PEM, as it was given. */
  | { readonly kind: "replace"; readonly certificate: string; readonly key: string };

/**
 * Compares the settings of the authority with the wanted ones. Throws (invalid-parameter) a key
 * without its certificate.
 */
export const rootChangeOf = (present: CAConfig, wanted: CAConfig): RootChange => {
  const { SigningCACert: certificate = "", SigningCAKey: key = "" } = wanted;
  if (key !== "" && certificate === "")
    throw rpcError(
      "invalid-parameter",
      "if a signing CA key is provided, the signing CA cert must also be provided",
    );
  if (certificate !== "") return { kind: "replace", certificate, key };
  const isForced = (wanted.ForceRotate ?? 0) !== (present.ForceRotate ?? 0);
  return { kind: isForced ? "generate" : "none" };
};

/**
 * The cluster's root when the desired one is the present root, which ends a rotation that goes on,
 * or is already the next one. Undefined when a rotation has to begin. The key may be new in both
 * cases: an external authority gives it back, or takes it over.
 */
export const withKnownRoot = (rootCa: RootCa, desired: Root): RootCa | undefined => {
  const { rotation, ...present } = rootCa;
  if (desired.certificate === present.certificate) return { ...present, key: desired.key };
  if (rotation?.certificate !== desired.certificate) return undefined;
  return { ...present, rotation: { ...rotation, key: desired.key } };
};

/** The cluster's root when a rotation to `next` begins. One that goes on is given up for it. */
export const withRotation = (rootCa: RootCa, next: NextRoot): RootCa => ({
  ...rootCa,
  rotation: next,
});
