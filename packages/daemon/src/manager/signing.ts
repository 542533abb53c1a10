import { OperationError } from "@skein/base";
import { trustedRoots } from "@skein/manager";
import type { Root, RootCa } from "@skein/model";
import { newExternalSigner, newSigner, normalCertificates } from "@skein/platform";
import type { Credentials, Signer } from "@skein/platform";
import type { CAConfig, ExternalCA } from "@skein/wire";

/** The one protocol of external authorities that there is. */
const PROTOCOL = "cfssl";

/** What signers are made of, besides the root. */
export interface SigningContext {
  /** The cluster's root, for whom to believe. */
  readonly rootCa: RootCa;
  /** The present settings, for where external authorities are. */
  readonly settings: CAConfig;
  /** As whom to ask external authorities, at the time of the call. */
  readonly credentials: () => Credentials;
}

/**
 * Where the external authorities of a root are. One that names no certificate of its own is of the
 * cluster's present root; those of other roots do not count (behaviour.md, 18.5).
 */
const externalUrls = (
  settings: CAConfig,
  root: Pick<Root, "certificate">,
  present: string,
): readonly string[] => {
  const rootOf = ({ CACert }: ExternalCA): string =>
    CACert === "" ? present : normalCertificates(CACert);
  return (settings.ExternalCAs ?? [])
    .filter((one) => one.Protocol === PROTOCOL && rootOf(one) === root.certificate)
    .map(({ URL }) => URL);
};

/** A signer through the external authorities of a root; undefined when there is none. */
export const externalSignerOf = (
  root: Pick<Root, "certificate"> & { readonly crossSigned?: string },
  { rootCa, settings, credentials }: SigningContext,
): Signer | undefined => {
  const urls = externalUrls(settings, root, rootCa.certificate);
  if (urls.length === 0) return undefined;
  const { certificate, crossSigned } = root;
  return newExternalSigner({
    urls,
    certificate,
    ...(crossSigned === undefined ? {} : { intermediate: crossSigned }),
    trust: trustedRoots(rootCa) + certificate,
    credentials,
  });
};

/**
 * The signer of a root: its external authorities when there are any, as in the reference, or its own
 * key. Rejects (kind `failed-precondition`) when there is neither.
 */
export const signerOf = async (
  root: Pick<Root, "certificate" | "key"> & { readonly crossSigned?: string },
  context: SigningContext,
): Promise<Signer> => {
  const external = externalSignerOf(root, context);
  if (external) return external;
  const { certificate, key, crossSigned } = root;
  if (key === "")
    throw new OperationError(
      "failed-precondition",
      "the key of the root certificate is not in the cluster, and no external CA signs for it: " +
        "name one with docker swarm update --external-ca",
    );
  return newSigner({
    certificate,
    key,
    ...(crossSigned === undefined ? {} : { intermediate: crossSigned }),
  });
};
