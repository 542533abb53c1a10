import type { Address, NetworkEndpoint, NetworkService, NetworkTable } from "@skein/model";
import { parseAddress } from "@skein/model";

/** The kinds of question that names of the cluster can answer. */
export type QuestionType = "A" | "AAAA" | "PTR" | "other";

/**
 * - `addresses`: the name is known; none when it has no address of the family asked for.
 * - `name`: the name of an address (PTR).
 * - `unknown`: the name belongs to the cluster and does not exist.
 * - `foreign`: the cluster has nothing to say; ask the node's resolvers.
 */
export type Resolution =
  | { readonly kind: "addresses"; readonly addresses: readonly string[] }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "unknown" }
  | { readonly kind: "foreign" };

const TASKS = "tasks.";

const ofFamily = (addresses: readonly string[], type: QuestionType): readonly string[] => {
  if (type === "A") return addresses.filter((address) => !address.includes(":"));
  return type === "AAAA" ? addresses.filter((address) => address.includes(":")) : [];
};

const isNamed = (names: readonly string[], name: string): boolean =>
  names.some((one) => one.toLowerCase() === name);

const isService = (service: NetworkService, name: string): boolean =>
  isNamed([service.name, ...service.aliases], name);

const backendsOf = (table: NetworkTable, service: NetworkService): readonly string[] =>
  table.endpoints
    .filter(({ serviceId, active }) => active && serviceId === service.id)
    .flatMap(({ addresses }) => addresses);

/** `web.1` names the replica that runs in slot 1, whichever task that is. */
const isReplica = (table: NetworkTable, endpoint: NetworkEndpoint, name: string): boolean => {
  if (endpoint.slot === 0 || endpoint.serviceId === undefined || !endpoint.active) return false;
  const service = table.services.find(({ id }) => id === endpoint.serviceId);
  return service !== undefined && `${service.name}.${endpoint.slot}`.toLowerCase() === name;
};

/** The addresses of a name on one network; undefined when it is not known there. */
const lookUp = (table: NetworkTable, name: string): readonly string[] | undefined => {
  const tasks = name.startsWith(TASKS) ? name.slice(TASKS.length) : undefined;
  const services = table.services.filter((service) => isService(service, tasks ?? name));
  if (tasks !== undefined)
    return services.length === 0
      ? undefined
      : services.flatMap((service) => backendsOf(table, service));
  if (services.length > 0)
    return services.flatMap((service) =>
      service.vips.length > 0 ? service.vips : backendsOf(table, service),
    );
  const endpoints = table.endpoints.filter(
    (endpoint) =>
      isNamed([endpoint.name, endpoint.id, ...endpoint.aliases], name) ||
      isReplica(table, endpoint, name),
  );
  return endpoints.length === 0 ? undefined : endpoints.flatMap(({ addresses }) => addresses);
};

/** `web.back` on network `back` is `web`; undefined when the name does not end so. */
const withoutNetwork = (table: NetworkTable, name: string): string | undefined => {
  const suffix = `.${table.name.toLowerCase()}`;
  return name.endsWith(suffix) ? name.slice(0, -suffix.length) : undefined;
};

/** The address in `7.5.0.10.in-addr.arpa` or its IPv6 counterpart. */
const addressOfPointer = (name: string): Address | undefined => {
  const v4 = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/.exec(name);
  if (v4) return parseAddress([v4[4], v4[3], v4[2], v4[1]].join("."));
  const v6 = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(name);
  const digits = v6?.[1]?.split(".").toReversed().join("");
  return digits === undefined ? undefined : { bits: 128, value: BigInt(`0x${digits}`) };
};

const isOneOf = (addresses: readonly string[], wanted: Address): boolean =>
  addresses.some((text) => {
    const address = parseAddress(text);
    return address?.bits === wanted.bits && address.value === wanted.value;
  });

const nameOf = (tables: readonly NetworkTable[], address: Address): string | undefined => {
  for (const table of tables) {
    const endpoint = table.endpoints.find(({ addresses }) => isOneOf(addresses, address));
    if (endpoint) return `${endpoint.name}.${table.name}`;
    const service = table.services.find(({ vips }) => isOneOf(vips, address));
    if (service) return `${service.name}.${table.name}`;
  }
  return undefined;
};

const pointer = (tables: readonly NetworkTable[], name: string): Resolution => {
  const address = addressOfPointer(name);
  const found = address === undefined ? undefined : nameOf(tables, address);
  return found === undefined ? { kind: "foreign" } : { kind: "name", name: found };
};

/**
 * Answers one question of a client that is on these networks: service names (VIP, or tasks in mode
 * dnsrr), `tasks.<name>`, aliases, task names and ids, `<service>.<slot>`, each also with
 * `.<network>` behind it, whatever the letters' case (api.md, section 4). Names of one label and those
 * that end in a network's name belong to the cluster: unknown ones are refused at once.
 */
export const resolve = (
  tables: readonly NetworkTable[],
  question: { readonly name: string; readonly type: QuestionType },
): Resolution => {
  const name = question.name.toLowerCase().replace(/\.$/, "");
  if (question.type === "PTR") return pointer(tables, name);
  let belongs = !name.includes(".") || name.startsWith(TASKS);
  const addresses: string[] = [];
  let known = false;
  for (const table of tables) {
    const short = withoutNetwork(table, name);
    belongs ||= short !== undefined;
    const found = lookUp(table, name) ?? (short === undefined ? undefined : lookUp(table, short));
    if (!found) continue;
    known = true;
    addresses.push(...found);
  }
  if (known) return { kind: "addresses", addresses: ofFamily(addresses, question.type) };
  return { kind: belongs ? "unknown" : "foreign" };
};
