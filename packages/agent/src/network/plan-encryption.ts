import type { NetworkKey, NetworkKeyRing } from "@skein/model";
import type { Family } from "./addresses.ts";
import { canonical, familyOf } from "./addresses.ts";
import type { DeriveKey } from "./encryption.ts";
import { encryptedPort, keyPurpose, spiOf } from "./encryption.ts";
import type { SecurityAssociation, SecurityPolicy } from "./kernel-state.ts";
import type { LiveState } from "./live-state.ts";
import { encryptionGuard } from "./ruleset.ts";
import type { PlanInput } from "./stale-units.ts";
import type { StateBuilder } from "./state-builder.ts";
import type { LiveNetwork } from "./tables/live-network.ts";

const host = (address: string): string => `${address}/${familyOf(address) === "ip" ? 32 : 128}`;
const anyone = (address: string): string => (familyOf(address) === "ip" ? "0.0.0.0/0" : "::/0");

/** By which `source` sends to `destination` with this key. */
const association = (
  source: string,
  destination: string,
  key: NetworkKey,
  deriveKey: DeriveKey,
): SecurityAssociation => ({
  source,
  destination,
  spi: spiOf(source, key),
  key: deriveKey(key.secret, keyPurpose(source, destination)),
  worn: false,
});

/** Nothing leaves for that port, or is taken on it, but what another policy says how to encrypt. */
const blocked = (own: string, port: number): readonly SecurityPolicy[] => [
  { direction: "out", source: host(own), destination: anyone(own), port, action: "block", spi: 0 },
  { direction: "in", source: anyone(own), destination: host(own), port, action: "block", spi: 0 },
];

const between = (
  own: string,
  peer: string,
  port: number,
  current: NetworkKey,
): readonly SecurityPolicy[] => [
  {
    direction: "out",
    source: host(own),
    destination: host(peer),
    port,
    action: "encrypt",
    spi: spiOf(own, current),
  },
  {
    direction: "in",
    source: host(peer),
    destination: host(own),
    port,
    action: "encrypt",
    // Any of the ring's: which one, the other end decides.
    spi: 0,
  },
];

/** The other ends of encrypted networks, by their addresses of the underlay. */
const peersOf = (networks: readonly LiveNetwork[], own: string): readonly string[] => {
  const peers = new Set(
    networks.flatMap(({ peers: all }) =>
      [...all.values()].map(({ underlay }) => canonical(underlay)),
    ),
  );
  return [...peers].filter((peer) => peer !== own && familyOf(peer) === familyOf(own)).toSorted();
};

/** All that the encryption of a node's networks is made of. */
interface Ends {
  readonly own: string;
  readonly port: number;
  readonly peers: readonly string[];
  readonly keys: NetworkKeyRing;
}

/**
 * The associations and policies of the encrypted networks. Sends with the current key, takes all three:
 * whoever hears of a rotation first is understood by those that have not, and the other way round.
 */
const planEncryption = (
  builder: StateBuilder,
  { own, port, peers, keys }: Ends,
  deriveKey: DeriveKey,
): void => {
  for (const [name, chain] of Object.entries(encryptionGuard(port)))
    builder[familyOf(own)].addChain(name, chain);
  for (const policy of blocked(own, port)) builder.addPolicy(policy);
  for (const peer of peers) {
    for (const policy of between(own, peer, port, keys.current)) builder.addPolicy(policy);
    builder.addAssociation(association(own, peer, keys.current, deriveKey));
    for (const key of [keys.previous, keys.current, keys.next])
      builder.addAssociation(association(peer, own, key, deriveKey));
  }
};

const UNIT = "encryption";

/** Keeps the encryption up with the tables: keys are derived only when something is different. */
export class EncryptionUnit {
  #planned = "";
  #families: ReadonlySet<Family> = new Set();

  /** The family whose table the guard is in; none without encrypted networks. */
  get families(): ReadonlySet<Family> {
    return this.#families;
  }

  update(live: LiveState, { tables, usable, facts: { deriveKey } }: PlanInput): void {
    const networks = usable.filter(({ head }) => head.encrypted);
    const { keys } = tables;
    const own = canonical(tables.underlay);
    const port = encryptedPort(tables.dataPathPort);
    const ends = networks.length > 0 && keys && { own, port, peers: peersOf(networks, own), keys };
    const planned = JSON.stringify(ends);
    if (planned === this.#planned) return;
    this.#planned = planned;
    this.#families = new Set(ends ? [familyOf(own)] : []);
    live.replace(UNIT, (builder) => {
      if (ends && deriveKey) planEncryption(builder, ends, deriveKey);
    });
  }
}
