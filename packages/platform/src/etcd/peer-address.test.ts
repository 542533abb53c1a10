import { expect, test } from "vitest";
import { addressOfPeer, peerUrlOf } from "./peer-address.ts";

test.each(["10.0.0.1:2377", "[2001:db8::7]:2377", "manager.example:2377"])(
  "%s is known to etcd as it is",
  (address) => {
    expect(peerUrlOf(address)).toBe(`http://${address}`);
    expect(addressOfPeer(`http://${address}`)).toBe(address);
  },
);

test.each(["127.0.0.1:2377", "127.200.3.255:1", "[::1]:2377"])(
  "%s, for which no proxy would be used, is disguised and found again",
  (address) => {
    expect(peerUrlOf(address)).toMatch(/^http:\/\/\[fd53:/u);
    expect(addressOfPeer(peerUrlOf(address))).toBe(address);
  },
);

test("an address that was written in another manner is recognised", () => {
  expect(addressOfPeer("[fd53:6b65:696e::7f00:2]:2377")).toBe("127.0.0.2:2377");
});
