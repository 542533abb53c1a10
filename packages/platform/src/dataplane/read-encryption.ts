import type { KernelState, SecurityAssociation, SecurityPolicy } from "@skein/agent";
import { keyOf } from "@skein/agent";
import { OperationError } from "@skein/base";
import type { Programs } from "./programs.ts";
import { PRIORITY, REQID } from "./render-encryption.ts";

/** Packets after which an association is made anew: half of what can be counted. */
const WORN_AT = 2 ** 31;

/** The entries of a listing: each begins at the left margin. */
const entriesOf = (text: string): readonly string[] =>
  text.split(/\n(?=\S)/).filter((entry) => entry.trim() !== "");

const endsOf = (entry: string): readonly [string, string] => {
  const [, source = "", destination = ""] = /^src (\S+) dst (\S+)/.exec(entry) ?? [];
  return [source, destination];
};

/** Sorts out what `ip xfrm state list` printed. It shows keys: they go nowhere but into the result. */
export const parseAssociations = (text: string): KernelState["associations"] => {
  const associations = new Map<string, SecurityAssociation>();
  for (const entry of entriesOf(text)) {
    const [, number = "0", reqid] = /proto esp spi (0x[0-9a-f]+)\S* reqid (\d+)/.exec(entry) ?? [];
    const spi = Number(number);
    // Without a number it is a question of the kernel's that nobody answers; it goes by itself.
    if (Number(reqid) !== REQID || spi === 0) continue;
    const [, key = ""] = /^\s+aead \S+ 0x([0-9a-f]+) /m.exec(entry) ?? [];
    const [, sent = "0x0"] = /anti-replay context: [^\n]*oseq (0x[0-9a-f]+)/.exec(entry) ?? [];
    const [source, destination] = endsOf(entry);
    const one = { source, destination, spi, key, worn: Number(sent) >= WORN_AT };
    associations.set(keyOf.association(one), one);
  }
  return associations;
};

const actionOf = (entry: string): SecurityPolicy["action"] | undefined => {
  const [, priority] = /\bpriority (\d+)/.exec(entry) ?? [];
  if (Number(priority) === PRIORITY.block && entry.includes("action block")) return "block";
  const [, reqid] = /\breqid (\d+)/.exec(entry) ?? [];
  return Number(priority) === PRIORITY.encrypt && Number(reqid) === REQID ? "encrypt" : undefined;
};

/** Sorts out what `ip xfrm policy list` printed. */
export const parsePolicies = (text: string): KernelState["policies"] => {
  const policies = new Map<string, SecurityPolicy>();
  for (const entry of entriesOf(text)) {
    const action = actionOf(entry);
    const [, port] = /^[^\n]* proto (?:udp|17) dport (\d+)/.exec(entry) ?? [];
    const [, direction] = /\bdir (in|out)\b/.exec(entry) ?? [];
    if (!action || port === undefined || (direction !== "in" && direction !== "out")) continue;
    const [source, destination] = endsOf(entry);
    const [, spi = "0"] = /\bspi (0x[0-9a-f]+)/.exec(entry) ?? [];
    const one: SecurityPolicy = {
      direction,
      source,
      destination,
      port: Number(port),
      action,
      spi: Number(spi),
    };
    policies.set(keyOf.policy(one), one);
  }
  return policies;
};

/** Output of `ip xfrm ... list`; empty on a kernel without IPsec. */
const list = async (programs: Programs, what: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await programs.run("ip", ["xfrm", ...what]);
  if (code === 0) return stdout;
  if (/not supported/i.test(stderr)) return "";
  throw new OperationError("unavailable", `ip xfrm ${what.join(" ")}: ${stderr.trim()}`);
};

/** Reads back our associations and policies. */
export const readEncryption = async (
  programs: Programs,
): Promise<Pick<KernelState, "associations" | "policies">> => {
  const [associations, policies] = await Promise.all([
    list(programs, ["state", "list", "proto", "esp", "reqid", String(REQID)]),
    list(programs, ["policy", "list"]),
  ]);
  return { associations: parseAssociations(associations), policies: parsePolicies(policies) };
};
