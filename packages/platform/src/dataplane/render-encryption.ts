import type { Change, KernelChanges, SecurityAssociation, SecurityPolicy } from "@skein/agent";

/** Marks our associations and templates among those of others. */
export const REQID = 21_323;

/** Our policies' priorities, smaller is earlier: before anything that others say of the same packets. */
export const PRIORITY: Readonly<Record<SecurityPolicy["action"], number>> = {
  encrypt: 83,
  block: 84,
};

/** AES-GCM for ESP (RFC 4106), with a checksum of 128 bits. */
const ALGORITHM = "rfc4106(gcm(aes))";
const CHECKSUM_BITS = 128;

/** By number: hosts without a list of protocols know no name. */
const UDP = 17;

const address = (prefix: string): string => prefix.replace(/\/\d+$/, "");
const hex = (spi: number): string => `0x${spi.toString(16).padStart(8, "0")}`;

const id = ({ source, destination, spi }: SecurityAssociation): string =>
  `src ${source} dst ${destination} proto esp spi ${hex(spi)}`;

/** No window for repeated packets: who restarts begins to count anew (docs/adr/0019). */
const makeAssociation = (one: SecurityAssociation): string =>
  `xfrm state add ${id(one)} reqid ${REQID} mode transport aead ${ALGORITHM} 0x${one.key} ${CHECKSUM_BITS}`;

const removeAssociation = (one: SecurityAssociation): string => `xfrm state delete ${id(one)}`;

const selector = ({ source, destination, port, direction }: SecurityPolicy): string =>
  `src ${source} dst ${destination} proto ${UDP} dport ${port} dir ${direction}`;

/** `update` also makes one that is not there. */
const makePolicy = (one: SecurityPolicy): string => {
  const head = `xfrm policy update ${selector(one)} priority ${PRIORITY[one.action]}`;
  if (one.action === "block") return `${head} action block`;
  const spi = one.spi === 0 ? "" : ` spi ${hex(one.spi)}`;
  const ends = `src ${address(one.source)} dst ${address(one.destination)}`;
  return `${head} tmpl ${ends} proto esp${spi} reqid ${REQID} mode transport level required`;
};

const removePolicy = (one: SecurityPolicy): string => `xfrm policy delete ${selector(one)}`;

/** Commands for `ip -batch`. They hold keys: to be given on standard input, and never logged. */
export interface EncryptionCommands {
  /** What comes: first how packets are taken, then what is sent by it. Before any interface. */
  readonly additions: readonly string[];
  /** What goes: when nothing is sent by it any more. */
  readonly removals: readonly string[];
}

const come = ({ was, now }: Change<SecurityAssociation>): readonly string[] =>
  now ? [...(was ? [removeAssociation(was)] : []), makeAssociation(now)] : [];

/** The commands that make the changes of associations and policies. */
export const renderEncryption = ({
  associations,
  policies,
}: Pick<KernelChanges, "associations" | "policies">): EncryptionCommands => ({
  additions: [
    ...associations.flatMap(come),
    ...policies.flatMap(({ now }) => (now ? [makePolicy(now)] : [])),
  ],
  removals: [
    ...policies.flatMap(({ was, now }) => (was && !now ? [removePolicy(was)] : [])),
    ...associations.flatMap(({ was, now }) => (was && !now ? [removeAssociation(was)] : [])),
  ],
});

/** The text without keys. */
export const withoutKeys = (text: string): string => text.replaceAll(/0x[0-9a-f]{16,}/gi, "(key)");
