import { expect, test } from "vitest";
import { addressAt, formatSubnet, hostCapacity, overlaps, parseSubnet } from "./subnet.ts";

test.each([
  ["10.210.3.77/24", "10.210.3.0/24"],
  ["255.255.255.255/32", "255.255.255.255/32"],
  ["1.2.3.4/0", "0.0.0.0/0"],
])("%s is the subnet %s", (text, canonical) => {
  expect(formatSubnet(parseSubnet(text))).toBe(canonical);
});

test.each(["", "10.0.0.0", "10.0.0/24", "10.0.0.256/24", "10.0.0.0/33", "10.0.0.0/24/1", "a/24"])(
  "%j is refused",
  (text) => {
    expect(() => parseSubnet(text)).toThrow("is not an IPv4 subnet");
  },
);

test("addresses count from both ends, across octets", () => {
  const subnet = parseSubnet("172.30.0.0/22");
  expect(addressAt(subnet, 1)).toBe("172.30.0.1");
  expect(addressAt(subnet, 300)).toBe("172.30.1.44");
  expect(addressAt(subnet, -2)).toBe("172.30.3.254");
});

test("network, broadcast and gateway take three addresses", () => {
  expect(hostCapacity(parseSubnet("10.0.0.0/24"))).toBe(253);
  expect(hostCapacity(parseSubnet("10.0.0.0/30"))).toBe(1);
  expect(hostCapacity(parseSubnet("10.0.0.0/32"))).toBe(0);
});

test.each([
  ["10.0.0.0/8", "10.210.0.0/24", true],
  ["10.210.0.0/24", "10.210.1.0/24", false],
  ["10.210.0.254/32", "10.210.0.0/24", true],
  ["10.209.255.0/24", "10.210.0.0/24", false],
])("%s and %s overlap: %s", (one, other, expected) => {
  expect(overlaps(parseSubnet(one), parseSubnet(other))).toBe(expected);
  expect(overlaps(parseSubnet(other), parseSubnet(one))).toBe(expected);
});
