// Recorded with iproute2 6.1 on Linux 6.1; the keys were made for the test.
import { expect, test } from "vitest";
import { parseAssociations, parsePolicies } from "./read-encryption.ts";

const STATES = `src fd97::2 dst fd97::1
	proto esp spi 0x9f85ec47 reqid 21323 mode transport
	replay-window 0 
	aead rfc4106(gcm(aes)) 0x9a1f38edab14fa01a5e3a6bdeaef5c75917e9375 128
	anti-replay context: seq 0x0, oseq 0x0, bitmap 0x00000000
	sel src ::/0 dst ::/0 
src 10.97.0.1 dst 10.97.0.2
	proto esp spi 0x2984000a reqid 21323 mode transport
	replay-window 0 
	aead rfc4106(gcm(aes)) 0xd7a1016f6bcb5ba169986e2f1ca2052fbf17bd6e 128
	anti-replay context: seq 0x0, oseq 0xad, bitmap 0x00000000
	sel src 0.0.0.0/0 dst 0.0.0.0/0 
`;

const POLICIES = `src 10.97.0.2/32 dst 10.97.0.1/32 proto 17 dport 4790 
	dir in priority 83 ptype main 
	tmpl src 10.97.0.2 dst 10.97.0.1
		proto esp reqid 21323 mode transport
src 10.1.0.1/32 dst 10.1.0.2/32 proto udp dport 4790 
	dir out priority 83 ptype main 
	tmpl src 10.1.0.1 dst 10.1.0.2
		proto esp spi 0x00000102 reqid 21323 mode transport
src ::/0 dst fd97::1/128 proto 17 dport 4790 
	dir in action block priority 84 ptype main 
`;

test("associations are read with their keys, and whether their numbers come to an end", () => {
  expect(Object.fromEntries(parseAssociations(STATES))).toEqual({
    "fd97::2 fd97::1 2676354119": {
      source: "fd97::2",
      destination: "fd97::1",
      spi: 0x9f85ec47,
      key: "9a1f38edab14fa01a5e3a6bdeaef5c75917e9375",
      worn: false,
    },
    "10.97.0.1 10.97.0.2 696516618": {
      source: "10.97.0.1",
      destination: "10.97.0.2",
      spi: 0x2984000a,
      key: "d7a1016f6bcb5ba169986e2f1ca2052fbf17bd6e",
      worn: false,
    },
  });
  const counted = (oseq: string): readonly boolean[] =>
    [...parseAssociations(STATES.replace("oseq 0xad", `oseq ${oseq}`)).values()].map(
      ({ worn }) => worn,
    );
  expect(counted("0x7fffffff")).toEqual([false, false]);
  expect(counted("0x80000000")).toEqual([false, true]);
});

test("of what others have, and of the kernel's own questions, nothing is read", () => {
  expect(parseAssociations(STATES.replaceAll("reqid 21323", "reqid 1")).size).toBe(0);
  expect(parseAssociations(STATES.replaceAll(/spi 0x\w+/g, "spi 0x00000000")).size).toBe(0);
  expect(parseAssociations("").size).toBe(0);
  expect(parsePolicies(POLICIES.replaceAll("reqid 21323", "reqid 1")).size).toBe(1);
  expect(parsePolicies(POLICIES.replaceAll(/priority 8[34]/g, "priority 0")).size).toBe(0);
  expect(parsePolicies(POLICIES.replaceAll(/proto (?:17|udp) /g, "proto tcp ")).size).toBe(0);
});

test("an association that waits for its key has none", () => {
  const waiting = STATES.replaceAll(/^\s+aead .*\n/gm, "");
  expect([...parseAssociations(waiting).values()].map(({ key }) => key)).toEqual(["", ""]);
});

test("policies are read, whether the host has names for protocols or not", () => {
  const port = 4790;
  expect(Object.fromEntries(parsePolicies(POLICIES))).toEqual({
    "in 10.97.0.2/32 10.97.0.1/32 4790": {
      direction: "in",
      source: "10.97.0.2/32",
      destination: "10.97.0.1/32",
      port,
      action: "encrypt",
      spi: 0,
    },
    "out 10.1.0.1/32 10.1.0.2/32 4790": {
      direction: "out",
      source: "10.1.0.1/32",
      destination: "10.1.0.2/32",
      port,
      action: "encrypt",
      spi: 0x102,
    },
    "in ::/0 fd97::1/128 4790": {
      direction: "in",
      source: "::/0",
      destination: "fd97::1/128",
      port,
      action: "block",
      spi: 0,
    },
  });
});
