import { diffKernel, emptyKernelState, keyOf } from "@skein/agent";
import type { KernelState, SecurityAssociation, SecurityPolicy } from "@skein/agent";
import { expect, test } from "vitest";
import { deriveKey } from "./encryption-support.ts";
import { renderEncryption, withoutKeys } from "./render-encryption.ts";

const KEY = "00112233445566778899aabbccddeeff00112233";

const sending = (spi: number, more: Partial<SecurityAssociation> = {}): SecurityAssociation => ({
  source: "192.0.2.1",
  destination: "192.0.2.2",
  spi,
  key: KEY,
  worn: false,
  ...more,
});

const policy = (spi: number): SecurityPolicy => ({
  direction: "out",
  source: "192.0.2.1/32",
  destination: "192.0.2.2/32",
  port: 4790,
  action: "encrypt",
  spi,
});

const blocked: SecurityPolicy = {
  direction: "in",
  source: "::/0",
  destination: "2001:db8::1/128",
  port: 4790,
  action: "block",
  spi: 0,
};

const state = (
  associations: readonly SecurityAssociation[],
  policies: readonly SecurityPolicy[],
): KernelState => ({
  ...emptyKernelState(),
  associations: new Map(associations.map((one) => [keyOf.association(one), one])),
  policies: new Map(policies.map((one) => [keyOf.policy(one), one])),
});

const commands = (from: KernelState, to: KernelState) => renderEncryption(diffKernel(from, to));

const ADD_1 = `xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x00000401 reqid 21323 mode transport aead rfc4106(gcm(aes)) 0x${KEY} 128`;
const POLICY_1 =
  "xfrm policy update src 192.0.2.1/32 dst 192.0.2.2/32 proto 17 dport 4790 dir out priority 83 tmpl src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x00000401 reqid 21323 mode transport level required";
const BLOCK =
  "xfrm policy update src ::/0 dst 2001:db8::1/128 proto 17 dport 4790 dir in priority 84 action block";

test("associations are made before the policies that send by them", () => {
  const wanted = state([sending(0x401)], [blocked, policy(0x401)]);
  expect(commands(emptyKernelState(), wanted)).toEqual({
    additions: [ADD_1, BLOCK, POLICY_1],
    removals: [],
  });
});

test("a rotation adds, switches, and only then removes", () => {
  const { additions, removals } = commands(
    state([sending(0x401)], [policy(0x401)]),
    state([sending(0x402)], [policy(0x402)]),
  );
  expect(additions).toEqual([
    ADD_1.replace("0x00000401", "0x00000402"),
    POLICY_1.replace("0x00000401", "0x00000402"),
  ]);
  expect(removals).toEqual([
    "xfrm state delete src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x00000401",
  ]);
});

test("policies go before the associations that they use", () => {
  const { additions, removals } = commands(
    state([sending(0x401)], [blocked, policy(0x401)]),
    emptyKernelState(),
  );
  expect(additions).toEqual([]);
  expect(removals).toEqual([
    "xfrm policy delete src ::/0 dst 2001:db8::1/128 proto 17 dport 4790 dir in",
    "xfrm policy delete src 192.0.2.1/32 dst 192.0.2.2/32 proto 17 dport 4790 dir out",
    "xfrm state delete src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x00000401",
  ]);
});

test.each([
  ["another key", { key: "ff" }],
  ["nearly all numbers used", { worn: true }],
])("an association with %s is made anew", (_name, more) => {
  const { additions } = commands(state([sending(0x401, more)], []), state([sending(0x401)], []));
  expect(additions).toEqual([
    "xfrm state delete src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x00000401",
    ADD_1,
  ]);
});

test("what is told of a failure holds no key", () => {
  expect(withoutKeys(`ip ${ADD_1}: File exists`)).toContain("rfc4106(gcm(aes)) (key) 128");
  expect(withoutKeys(ADD_1)).not.toContain(KEY);
});

test("keys are derived alike everywhere, and differ by direction and secret", () => {
  const secret = "01".repeat(32);
  const key = deriveKey(secret, "skein esp 192.0.2.1 192.0.2.2");
  // Computed with `openssl kdf -keylen 20 -kdfopt digest:SHA256 -kdfopt hexkey:0101... -kdfopt info:...
  // HKDF`: nodes of later versions must derive the same.
  expect(key).toBe("f1326a8c8f3be455b4c8ac0c68ba5f1fded9fd2d");
  const others = [
    deriveKey(secret, "skein esp 192.0.2.2 192.0.2.1"),
    deriveKey("02".repeat(32), "skein esp 192.0.2.1 192.0.2.2"),
  ];
  expect(new Set([key, ...others]).size).toBe(3);
});
