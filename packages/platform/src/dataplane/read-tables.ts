import type { NftChain, NftRule, NftSet, NftTable } from "@skein/agent";

interface NftSetJson {
  readonly name: string;
  readonly type: string | readonly string[];
  readonly comment?: string;
  readonly elem?: readonly unknown[];
}

interface NftChainJson {
  readonly name: string;
  readonly type?: string;
  readonly hook?: string;
  readonly prio?: number;
}

interface NftRuleJson {
  readonly chain: string;
  readonly comment?: string;
}

/** One entry of the list that `nft -j list table` prints. */
interface NftObject {
  readonly set?: NftSetJson;
  readonly map?: NftSetJson & { readonly map: string };
  readonly chain?: NftChainJson;
  readonly rule?: NftRuleJson;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** A value of the JSON form, as it is written in nft's language. */
const format = (value: unknown, type: string | undefined): string => {
  if (!isObject(value)) return type === "ifname" ? `"${String(value)}"` : String(value);
  const { prefix, goto: verdict } = value;
  if (isObject(prefix)) return `${String(prefix["addr"])}/${String(prefix["len"])}`;
  if (isObject(verdict)) return `goto ${String(verdict["target"])}`;
  // Nothing that we ever write: it differs from all that is wanted, and is removed.
  return JSON.stringify(value);
};

const formatAll = (value: unknown, types: readonly string[]): string => {
  if (isObject(value) && Array.isArray(value["concat"]))
    return value["concat"].map((part, index) => format(part, types[index])).join(" . ");
  return format(value, types[0]);
};

const toSet = (kind: NftSet["kind"], json: NftSetJson): NftSet => {
  const types = typeof json.type === "string" ? [json.type] : json.type;
  const elements = new Map<string, string>();
  for (const element of json.elem ?? [])
    if (kind === "map" && Array.isArray(element)) {
      const [key, value]: unknown[] = element;
      elements.set(formatAll(key, types), formatAll(value, []));
    } else elements.set(formatAll(element, types), "");
  return { kind, id: json.comment ?? "", definition: "", elements };
};

const toHook = ({ type, hook, prio }: NftChainJson): string =>
  hook === undefined ? "" : `${type} ${hook} ${prio}`;

/** Reads the output of `nft -j list table`. */
export const parseTable = (json: unknown): NftTable => {
  const list = isObject(json) && Array.isArray(json["nftables"]) ? json["nftables"] : [];
  const sets = new Map<string, NftSet>();
  const hooks = new Map<string, string>();
  const rules = new Map<string, NftRule[]>();
  for (const { set, map, chain, rule } of list as readonly NftObject[]) {
    if (set) sets.set(set.name, toSet("set", set));
    if (map) sets.set(map.name, toSet("map", map));
    if (chain) hooks.set(chain.name, toHook(chain));
    if (rule) {
      const known = rules.get(rule.chain) ?? [];
      rules.set(rule.chain, [...known, { id: rule.comment ?? "", text: "" }]);
    }
  }
  const chains = new Map<string, NftChain>();
  for (const [name, hook] of hooks) chains.set(name, { hook, rules: rules.get(name) ?? [] });
  return { sets, chains };
};
