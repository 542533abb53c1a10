import type { Family } from "./addresses.ts";
import { familyOf, rawAddress } from "./addresses.ts";
import type {
  Bridge,
  BridgePort,
  DeviceAddress,
  FloodEntry,
  ForwardingEntry,
  Neighbour,
  NftChain,
  SecurityAssociation,
  SecurityPolicy,
  TableFamily,
  Vxlan,
} from "./kernel-state.ts";
import { keyOf } from "./kernel-state.ts";
import type { Choice } from "./ruleset.ts";

/** One entry of the wanted state. */
export interface Entry {
  /** A section, `set/<family>/<name>` or `chain/<family>`. */
  readonly place: string;
  readonly key: string;
  readonly value: unknown;
}

/** Puts entries into the sets and chains of one nftables table. */
class TableBuilder {
  readonly #family: TableFamily;
  readonly #entries: Entry[];

  constructor(family: TableFamily, entries: Entry[]) {
    this.#family = family;
    this.#entries = entries;
  }

  add(set: string, key: string, value = ""): void {
    this.#entries.push({ place: `set/${this.#family}/${set}`, key, value });
  }

  addChain(name: string, chain: NftChain): void {
    this.#entries.push({ place: `chain/${this.#family}`, key: name, value: chain });
  }

  /** The verdict that leads to a choice. */
  choose({ name, chain }: Choice): string {
    this.addChain(name, chain);
    return `goto ${name}`;
  }
}

/** Collects the entries that one unit of the wanted state consists of. */
export class StateBuilder implements Readonly<Record<Family, TableBuilder>> {
  readonly ip: TableBuilder;
  readonly ip6: TableBuilder;
  readonly bridge: TableBuilder;
  readonly #entries: Entry[];

  constructor(entries: Entry[]) {
    this.#entries = entries;
    this.ip = new TableBuilder("ip", entries);
    this.ip6 = new TableBuilder("ip6", entries);
    this.bridge = new TableBuilder("bridge", entries);
  }

  addBridge(name: string, bridge: Bridge): void {
    this.#add("bridges", name, bridge);
  }

  addVxlan(name: string, vxlan: Vxlan): void {
    this.#add("vxlans", name, vxlan);
  }

  addPort(name: string, port: BridgePort): void {
    this.#add("ports", name, port);
  }

  /** By path below `/proc/sys`. */
  setSysctl(path: string, value: string): void {
    this.#add("sysctls", path, value);
  }

  addAddress(entry: DeviceAddress): void {
    this.#add("addresses", keyOf.address(entry), entry);
  }

  addVip(entry: DeviceAddress): void {
    this.#add("vips", keyOf.address(entry), entry);
  }

  addFlood(entry: FloodEntry): void {
    this.#add("flood", keyOf.flood(entry), entry);
  }

  addForwarding(entry: ForwardingEntry): void {
    this.#add("forwarding", keyOf.forwarding(entry), entry);
  }

  addNeighbour(entry: Neighbour): void {
    this.#add("neighbours", keyOf.neighbour(entry), entry);
  }

  addAssociation(entry: SecurityAssociation): void {
    this.#add("associations", keyOf.association(entry), entry);
  }

  addPolicy(entry: SecurityPolicy): void {
    this.#add("policies", keyOf.policy(entry), entry);
  }

  /** The address is a node's: no container may claim it. */
  hold(address: string): void {
    if (familyOf(address) === "ip") this.bridge.add("held", address);
    else this.bridge.add("held6", rawAddress(address));
  }

  #add(place: string, key: string, value: unknown): void {
    this.#entries.push({ place, key, value });
  }
}
