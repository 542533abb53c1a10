import type { Clock, Logger } from "@skein/base";
import { messageOf, rpcError } from "@skein/base";
import type { ClusterUpdate } from "@skein/manager";
import { checkClusterUpdate, rootChangeOf, withKnownRoot, withRotation } from "@skein/manager";
import type { Root, RootCa } from "@skein/model";
import {
  createCertificateRequest,
  createRootAuthority,
  newSigner,
  parseDesiredAuthority,
  rootDigest,
} from "@skein/platform";
import type { Credentials, Signer } from "@skein/platform";
import type { View } from "@skein/store";
import { externalSignerOf } from "./signing.ts";
import type { SigningContext } from "./signing.ts";

/** The life that is asked for when an external authority is tried; it goes by its own settings. */
const TRIAL_MS = 3_600_000;

export interface RootChangeDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  /** This manager's own, at the time of the call. */
  readonly credentials: () => Credentials;
}

/** An external authority for `which` root, tried, or Docker's refusal. */
const workingExternal = async (
  root: Root,
  context: SigningContext,
  which: "current" | "desired",
  { clock, logger }: RootChangeDependencies,
): Promise<Signer> => {
  const external = externalSignerOf(root, context);
  try {
    if (!external) throw new Error("no external CA is named for this root certificate");
    const { csr } = await createCertificateRequest();
    const { identity } = context.credentials();
    await external.issueNodeCertificate(csr, { identity, now: clock.now(), lifetimeMs: TRIAL_MS });
    return external;
  } catch (error) {
    logger.warn("external CA does not sign", { reason: messageOf(error) });
    throw rpcError(
      "invalid-parameter",
      `there must be at least one valid, reachable external CA corresponding to the ${which} CA certificate`,
    );
  }
};

/** Has the present root certify the next one: with its key, or through who holds it. */
const crossSign = async (
  present: Root,
  next: Root,
  context: SigningContext,
  dependencies: RootChangeDependencies,
): Promise<string> => {
  if (present.key !== "") return (await newSigner(present)).crossSign(next);
  if (next.key === "")
    throw rpcError(
      "invalid-parameter",
      "rotating from one external CA to a different external CA is not supported",
    );
  return (await workingExternal(present, context, "current", dependencies)).crossSign(next);
};

/**
 * What an update makes of the cluster's root: makes, checks and signs what the decision needs, before
 * the transaction that writes it. Rejects as the update itself would (old version, bad settings), and
 * with Docker's reasons why a root can't be taken. Changes nothing.
 */
export const planRootChange = async (
  view: View,
  update: ClusterUpdate,
  dependencies: RootChangeDependencies,
): Promise<RootCa> => {
  const { spec, rootCa } = checkClusterUpdate(view, update);
  const settings = update.spec.CAConfig;
  const change = rootChangeOf(spec.CAConfig, settings);
  if (change.kind === "none") return rootCa;
  const now = dependencies.clock.now();
  const desired =
    change.kind === "generate"
      ? await createRootAuthority(now)
      : await parseDesiredAuthority(change.certificate, change.key, now);
  const context = { rootCa, settings, credentials: dependencies.credentials };
  if (desired.key === "") await workingExternal(desired, context, "desired", dependencies);
  const known = withKnownRoot(rootCa, desired);
  if (known) return known;
  const { rotation: _, ...present } = rootCa;
  const crossSigned = await crossSign(present, desired, context, dependencies);
  return withRotation(rootCa, {
    ...desired,
    crossSigned,
    digest: rootDigest(desired.certificate),
  });
};
