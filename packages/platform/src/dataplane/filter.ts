import type { Family, ForwardFilter } from "@skein/agent";
import { FORWARD_CHAIN } from "@skein/agent";
import type { Programs } from "./programs.ts";

/** Docker leaves this chain to others, and asks it before its own rules. */
const DOCKER_CHAIN = "DOCKER-USER";
const JUMP = `-j ${FORWARD_CHAIN}`;
const PREFIX: Readonly<Record<Family, string>> = { ip: "iptables", ip6: "ip6tables" };

/** Chains of the filter table, with their rules as `iptables-save` prints them. */
type Chains = ReadonlyMap<string, readonly string[]>;

/** Reads the output of `iptables-save`. */
export const parseFilterTable = (text: string): Chains => {
  const chains = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [, declared] = /^:(\S+)/.exec(line) ?? [];
    if (declared !== undefined) chains.set(declared, []);
    const [, chain, rule] = /^-A (\S+) (.*)$/.exec(line) ?? [];
    if (chain !== undefined && rule !== undefined) chains.get(chain)?.push(rule);
  }
  return chains;
};

/** Nothing behind such a rule is ever asked. */
const isLast = (rule: string): boolean =>
  rule !== JUMP && /^-j \S+$/.test(rule) && !/^-j [A-Z]+-/.test(rule);

/**
 * Where our chain is called: in Docker's chain for others, behind what the host's administrator put
 * there and before the rule that ends it; without Docker, first in FORWARD.
 */
const placeOf = (chains: Chains): { readonly chain: string; readonly position: number } => {
  const rules = chains.get(DOCKER_CHAIN);
  if (!rules) return { chain: "FORWARD", position: 0 };
  const others = rules.filter((rule) => rule !== JUMP);
  const end = others.findIndex(isLast);
  return { chain: DOCKER_CHAIN, position: end < 0 ? others.length : end };
};

const jumpsOf = (chains: Chains): readonly string[] =>
  [...chains].flatMap(([chain, rules]) => rules.filter((rule) => rule === JUMP).map(() => chain));

const isHooked = (chains: Chains): boolean => {
  const { chain } = placeOf(chains);
  const jumps = jumpsOf(chains);
  if (jumps.length !== 1 || jumps[0] !== chain) return false;
  const rules = chains.get(chain) ?? [];
  return !rules.slice(0, rules.indexOf(JUMP)).some(isLast);
};

/** Our chain; undefined when there is no trace of it. */
export const toForwardFilter = (chains: Chains): ForwardFilter | undefined => {
  const rules = chains.get(FORWARD_CHAIN);
  return rules && { rules, hooked: isHooked(chains) };
};

const read = async (programs: Programs, family: Family): Promise<Chains> =>
  parseFilterTable(await programs.read(`${PREFIX[family]}-save`, ["-t", "filter"]));

/** Reads our chain back. */
export const readFilter = async (
  programs: Programs,
  family: Family,
): Promise<ForwardFilter | undefined> => toForwardFilter(await read(programs, family));

/** Input for `iptables-restore --noflush` that makes our chain what is wanted, or removes it. */
export const renderFilter = (chains: Chains, wanted: ForwardFilter | undefined): string => {
  const lines = jumpsOf(chains).map((chain) => `-D ${chain} ${JUMP}`);
  const declared = `:${FORWARD_CHAIN} - [0:0]`;
  if (wanted) {
    const { chain, position } = placeOf(chains);
    lines.push(...wanted.rules.map((rule) => `-A ${FORWARD_CHAIN} ${rule}`));
    lines.push(`-I ${chain} ${position + 1} ${JUMP}`);
  } else lines.push(`-X ${FORWARD_CHAIN}`);
  return ["*filter", declared, ...lines, "COMMIT", ""].join("\n");
};

/** Makes our chain what is wanted, in one step. Returns what went wrong. */
export const writeFilter = async (
  programs: Programs,
  family: Family,
  wanted: ForwardFilter | undefined,
): Promise<readonly string[]> => {
  const input = renderFilter(await read(programs, family), wanted);
  const args = ["--noflush", "--wait", "5"];
  const { code, stderr } = await programs.run(`${PREFIX[family]}-restore`, args, input);
  return code === 0 ? [] : [stderr.trim()];
};
