import type { NetworkEndpoint, NetworkService } from "@skein/model";
import { formatAddress } from "@skein/model";
import type { LiveNetwork } from "../network/tables/live-network.ts";

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

const backendsOf = (network: LiveNetwork, { id }: NetworkService): readonly string[] =>
  network.activeOf(id).flatMap(({ addresses }) => addresses);

/** `web.1` names the replica that runs in slot 1, whichever task that is. */
const replicasNamed = (network: LiveNetwork, name: string): readonly NetworkEndpoint[] => {
  const [, service = "", slot] = /^(.+)\.(\d+)$/.exec(name) ?? [];
  if (slot === undefined || Number(slot) === 0) return [];
  return network
    .servicesNamed(service)
    .filter((one) => one.name.toLowerCase() === service)
    .flatMap(({ id }) => network.activeOf(id))
    .filter((endpoint) => String(endpoint.slot) === slot);
};

/** The addresses of a name on one network; undefined when it is not known there. */
const lookUp = (network: LiveNetwork, name: string): readonly string[] | undefined => {
  const tasks = name.startsWith(TASKS) ? name.slice(TASKS.length) : undefined;
  const services = network.servicesNamed(tasks ?? name);
  if (tasks !== undefined)
    return services.length === 0
      ? undefined
      : services.flatMap((service) => backendsOf(network, service));
  if (services.length > 0)
    return services.flatMap((service) =>
      service.vips.length > 0 ? service.vips : backendsOf(network, service),
    );
  const endpoints = new Set([...network.endpointsNamed(name), ...replicasNamed(network, name)]);
  return endpoints.size === 0 ? undefined : [...endpoints].flatMap(({ addresses }) => addresses);
};

/** `web.back` on network `back` is `web`; undefined when the name does not end so. */
const withoutNetwork = ({ head }: LiveNetwork, name: string): string | undefined => {
  const suffix = `.${head.name.toLowerCase()}`;
  return name.endsWith(suffix) ? name.slice(0, -suffix.length) : undefined;
};

/** The address in `7.5.0.10.in-addr.arpa` or its IPv6 counterpart. */
const addressOfPointer = (name: string): string | undefined => {
  const v4 = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/.exec(name);
  if (v4) return [v4[4], v4[3], v4[2], v4[1]].join(".");
  const v6 = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(name);
  const digits = v6?.[1]?.split(".").toReversed().join("");
  return digits && formatAddress({ bits: 128, value: BigInt(`0x${digits}`) });
};

const nameOf = (networks: readonly LiveNetwork[], address: string): string | undefined => {
  for (const network of networks) {
    const [found] = [...network.endpointsAt(address), ...network.servicesAt(address)];
    if (found) return `${found.name}.${network.head.name}`;
  }
  return undefined;
};

const pointer = (networks: readonly LiveNetwork[], name: string): Resolution => {
  const address = addressOfPointer(name);
  const found = address === undefined ? undefined : nameOf(networks, address);
  return found === undefined ? { kind: "foreign" } : { kind: "name", name: found };
};

/**
 * Answers one question of a client that is on these networks: service names (VIP, or tasks in mode
 * dnsrr), `tasks.<name>`, aliases, task names and ids, `<service>.<slot>`, each also with
 * `.<network>` behind it, whatever the letters' case (api.md, section 4). Names of one label and those
 * that end in a network's name belong to the cluster: unknown ones are refused at once.
 */
export const resolve = (
  networks: readonly LiveNetwork[],
  question: { readonly name: string; readonly type: QuestionType },
): Resolution => {
  const name = question.name.toLowerCase().replace(/\.$/, "");
  if (question.type === "PTR") return pointer(networks, name);
  let belongs = !name.includes(".") || name.startsWith(TASKS);
  const addresses: string[] = [];
  let known = false;
  for (const network of networks) {
    const short = withoutNetwork(network, name);
    belongs ||= short !== undefined;
    const found =
      lookUp(network, name) ?? (short === undefined ? undefined : lookUp(network, short));
    if (!found) continue;
    known = true;
    addresses.push(...found);
  }
  if (known) return { kind: "addresses", addresses: ofFamily(addresses, question.type) };
  return { kind: belongs ? "unknown" : "foreign" };
};
