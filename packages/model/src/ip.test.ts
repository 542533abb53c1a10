import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatAddress, formatSubnet, holds, overlaps, parseAddress, parseSubnet } from "./ip.ts";

test.each([
  ["10.0.0.1", "10.0.0.1"],
  ["0:0:0:0:0:0:0:0", "::"],
  ["::1", "::1"],
  ["fd00:0:0:1:0:0:0:2", "fd00:0:0:1::2"],
  ["2001:DB8::", "2001:db8::"],
  ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
  ["1:0:0:4:0:0:0:8", "1:0:0:4::8"],
])("%s is written %s", (text, wanted) => {
  const address = parseAddress(text);
  expect(address && formatAddress(address)).toBe(wanted);
});

test("every IPv6 address is read as it was written", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 8, maxLength: 8 }),
      (groups) => {
        const value = groups.reduce((sum, group) => sum * 65536n + BigInt(group), 0n);
        expect(parseAddress(formatAddress({ bits: 128, value }))).toEqual({ bits: 128, value });
      },
    ),
  );
});

test("subnets drop what is behind the prefix, and know what they share", () => {
  const subnet = parseSubnet("10.1.2.3/16");
  expect(subnet && formatSubnet(subnet)).toBe("10.1.0.0/16");
  const at = (text: string): ReturnType<typeof parseSubnet> => parseSubnet(text);
  const [wide, narrow, other] = [at("10.0.0.0/8"), at("10.9.0.0/24"), at("11.0.0.0/8")];
  expect(wide && narrow && overlaps(wide, narrow)).toBe(true);
  expect(narrow && other && overlaps(narrow, other)).toBe(false);
  const address = parseAddress("10.9.0.7");
  expect(narrow && address && holds(narrow, address)).toBe(true);
  expect(at("10.0.0.0")).toBeUndefined();
  expect(at("10.0.0.0/33")).toBeUndefined();
});
