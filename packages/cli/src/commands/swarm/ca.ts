import { createHash } from "node:crypto";
import type { Node, Swarm, SwarmSpec, TLSInfo } from "@skein/wire";
import { CommandError } from "../../command/errors.ts";
import type { Flag, Flags } from "../../command/flag.ts";
import type { Context, Run } from "../../command/spec.ts";
import type { Message } from "../../progress/message.ts";
import { displayFor } from "../service/wait.ts";
import { changeSwarm } from "./change.ts";
import { caFlags } from "./flags.ts";
import { mergeAuthority } from "./settings.ts";

const POLL_MS = 200;

const CERTIFICATES = "  rotated TLS certificates";
const ROOTS = "  rotated CA certificates";

const printRoot = (context: Context, { TLSInfo: { TrustRoot = "" } }: Swarm): void => {
  if (TrustRoot === "") throw new CommandError("No CA information available");
  context.out(`${TrustRoot.trim()}\n`);
};

const checkFlags = (flags: Flags): void => {
  const { rotate, cert, key, certExpiry, externalCa } = caFlags;
  if (!flags.on(rotate)) {
    const others: readonly Flag<unknown>[] = [cert, key, certExpiry, externalCa];
    const given = others.find((flag) => flags.changed(flag));
    if (given)
      throw new CommandError(
        `\`--${given.name}\` flag requires the \`--rotate\` flag to update the CA`,
      );
    return;
  }
  const external = flags.all(externalCa).length > 0;
  if (external && !flags.changed(cert))
    throw new CommandError(
      "rotating to an external CA requires the `--ca-cert` flag to specify the external CA's cert - to add an external CA with the current root CA certificate, use the `update` command instead",
    );
  if (flags.changed(cert) && !external && !flags.changed(key))
    throw new CommandError(
      "the --ca-cert flag requires that a --ca-key flag and/or --external-ca flag be provided as well",
    );
};

const rotated = ({ Spec }: Swarm, flags: Flags): SwarmSpec => {
  const cert = flags.get(caFlags.cert) ?? "";
  const key = flags.get(caFlags.key) ?? "";
  const merged = mergeAuthority(Spec.CAConfig, flags, cert);
  const force = cert === "" && key === "" ? 1 : 0;
  return {
    ...Spec,
    CAConfig: {
      ...merged,
      ForceRotate: (merged.ForceRotate ?? 0) + force,
      SigningCACert: cert,
      SigningCAKey: key,
    },
  };
};

/** What to show of a root rotation, and whether every node has followed. */
export const rotationProgress = (
  wanted: TLSInfo,
  nodes: readonly Node[],
  inProgress: boolean,
): { readonly messages: readonly Message[]; readonly done: boolean } => {
  const infos = nodes.map(({ Description }) => Description.TLSInfo);
  const certificates = infos.filter(
    (info) =>
      info.CertIssuerPublicKey === wanted.CertIssuerPublicKey &&
      info.CertIssuerSubject === wanted.CertIssuerSubject,
  ).length;
  const roots = infos.filter(({ TrustRoot }) => TrustRoot === wanted.TrustRoot).length;
  const total = nodes.length;
  const issued = certificates === total && !inProgress;
  const digest = createHash("sha256")
    .update(wanted.TrustRoot ?? "")
    .digest("hex");
  const bar = (current: number) => ({ current, total, units: "nodes" });
  return {
    messages: [
      { id: "desired root digest", text: `sha256:${digest}` },
      { id: CERTIFICATES, text: "", bar: bar(certificates) },
      { id: ROOTS, text: "", bar: bar(issued ? roots : 0) },
    ],
    done: issued && roots === total,
  };
};

const waitForRotation = async (context: Context, quiet: boolean): Promise<boolean> => {
  const client = context.client();
  const display = displayFor(context);
  const interrupt = context.interrupted().then(() => "interrupted" as const);
  for (;;) {
    // A poll needs the one before.
    const swarm = await client.swarm.inspect();
    const nodes = await client.nodes.list();
    const { messages, done } = rotationProgress(swarm.TLSInfo, nodes, swarm.RootRotationInProgress);
    if (!quiet) context.out(messages.map(display).join(""));
    if (done) return true;
    if ((await Promise.race([context.clock.sleep(POLL_MS), interrupt])) === "interrupted")
      return false;
  }
};

/** `skein swarm ca`. */
export const run: Run = async (context, flags) => {
  const client = context.client();
  const swarm = await client.swarm.inspect();
  checkFlags(flags);
  if (!flags.on(caFlags.rotate)) return printRoot(context, swarm);
  await changeSwarm(context, (read) => rotated(read, flags));
  if (flags.on(caFlags.detach)) return;
  if (await waitForRotation(context, flags.on(caFlags.quiet)))
    printRoot(context, await client.swarm.inspect());
  else context.out("Operation continuing in background.\n");
};
