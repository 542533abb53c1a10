/**
 * What both ends of an encrypted network must agree on without asking each other: the port, the
 * numbers of the security associations, and their keys (docs/adr/0019).
 */
import type { NetworkKey } from "@skein/model";
import { parseAddress } from "@skein/model";
import { familyOf } from "./addresses.ts";
import type { Family } from "./addresses.ts";
import { hash32 } from "./digest.ts";

/** Bytes of an AES-128-GCM key with its salt (RFC 4106). */
export const KEY_BYTES = 20;

/**
 * Derives a key: {@link KEY_BYTES} bytes, as hex digits, from a secret (hex digits too) and what the key
 * is for. Gives the same on every node; nothing about the secret can be learned from it.
 */
export type DeriveKey = (secret: string, purpose: string) => string;

/** The UDP port of encrypted networks' VXLAN: the one after that of the others. */
export const encryptedPort = (dataPathPort: number): number => dataPathPort + 1;

/** IP header, and ESP's: SPI and sequence number 8, initialisation vector 8, checksum 16. */
const AROUND: Readonly<Record<Family, number>> = { ip: 20 + 32, ip6: 40 + 32 };
/** Within ESP: UDP 8, VXLAN 8, Ethernet 14, and behind it the length of the padding and a type. */
const WITHIN = 32;
/** What ESP encrypts is padded to a multiple of this. */
const BLOCK = 4;

/**
 * The greatest packet of an encrypted network whose frames fit the underlay, in bytes: 1416 for an
 * IPv4 underlay of 1500, 1396 for IPv6.
 */
export const encryptedMtu = (underlay: string, underlayMtu: number): number => {
  const room = underlayMtu - AROUND[familyOf(underlay)];
  return room - (room % BLOCK) - WITHIN;
};

/** 30 bits that tell the nodes of a cluster apart. */
const nodeBits = (address: string): number =>
  familyOf(address) === "ip"
    ? Number((parseAddress(address)?.value ?? 0n) & 0x3fff_ffffn)
    : hash32(address) >>> 2;

/** Keys of one ring that a number of two bits tells apart. */
const KEY_SLOTS = 4;

/**
 * Number of the association by which `source` sends with this key: its address, and the key's number in
 * the last two bits. Who receives knows it by that number and its own address, so it differs for all
 * who send to one node. (Below 256 numbers are reserved: no host has such an address.)
 */
export const spiOf = (source: string, key: Pick<NetworkKey, "number">): number =>
  nodeBits(source) * KEY_SLOTS + (key.number % KEY_SLOTS);

/** What a key is for: one direction between two nodes. No two directions share a key. */
export const keyPurpose = (source: string, destination: string): string =>
  `skein esp ${source} ${destination}`;
