import { describe, expect, test } from "vitest";
import { formatDuration, parseDuration, parsePositiveDuration } from "./duration.ts";
import {
  parseBoolean,
  parseBytes,
  parseCpus,
  parseFloat32,
  parseSigned,
  parseUnsigned,
} from "./numbers.ts";

describe("whole numbers", () => {
  test.each([
    ["0", 0],
    ["42", 42],
    ["0x1f", 31],
    ["0b101", 5],
    ["0o17", 15],
    ["017", 15],
    ["1_000", 1000],
  ])("%s", (text, value) => {
    expect(parseUnsigned(text)).toBe(value);
  });

  test.each([
    ["x", 'strconv.ParseUint: parsing "x": invalid syntax'],
    ["-1", 'strconv.ParseUint: parsing "-1": invalid syntax'],
    ["0x", 'strconv.ParseUint: parsing "0x": invalid syntax'],
    ["", 'strconv.ParseUint: parsing "": invalid syntax'],
    [
      "99999999999999999999",
      'strconv.ParseUint: parsing "99999999999999999999": value out of range',
    ],
  ])("%j is refused in Go's words", (text, message) => {
    expect(() => parseUnsigned(text)).toThrow(message);
  });

  test("the width limits the value, and base 10 takes no prefix", () => {
    expect(parseUnsigned("65535", { base: 10, bits: 16 })).toBe(65_535);
    expect(() => parseUnsigned("65536", { base: 10, bits: 16 })).toThrow("value out of range");
    expect(() => parseUnsigned("0x1", { base: 10 })).toThrow("invalid syntax");
    expect(parseUnsigned("0755", { base: 8 })).toBe(0o755);
  });

  test("signs", () => {
    expect(parseSigned("-12")).toBe(-12);
    expect(parseSigned("+3")).toBe(3);
    expect(() => parseSigned("1.5")).toThrow('strconv.ParseInt: parsing "1.5": invalid syntax');
  });
});

test.each(["1", "t", "true", "TRUE", "True"])("%s is true", (text) => {
  expect(parseBoolean(text)).toBe(true);
});

test("a word that is no boolean is refused", () => {
  expect(parseBoolean("F")).toBe(false);
  expect(() => parseBoolean("yes")).toThrow('strconv.ParseBool: parsing "yes": invalid syntax');
});

test("ratios are what 32 bits hold, written as short as can be", () => {
  expect(parseFloat32(".25")).toBe(0.25);
  expect(parseFloat32("0.3")).toBe(0.3);
  expect(parseFloat32("0.123456789")).toBe(0.12345679);
  expect(() => parseFloat32("x")).toThrow("strconv.ParseFloat");
});

test.each([
  [".25", 250_000_000],
  ["1.5", 1_500_000_000],
  ["1/4", 250_000_000],
  ["2", 2_000_000_000],
  ["1e-3", 1_000_000],
])("%s CPUs", (text, nano) => {
  expect(parseCpus(text)).toBe(nano);
});

test.each([
  ["x", "failed to parse x as a rational number"],
  ["", "failed to parse  as a rational number"],
  ["0.0000000001", "value is too precise"],
  ["1/0", "failed to parse 1/0 as a rational number"],
])("%j CPUs are refused", (text, message) => {
  expect(() => parseCpus(text)).toThrow(message);
});

test.each([
  ["512", 512],
  ["512b", 512],
  ["64m", 67_108_864],
  ["1.5GB", 1_610_612_736],
  ["2 GiB", 2_147_483_648],
  ["1k", 1024],
])("%s bytes", (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

test.each([
  ["x", "invalid size: 'x'"],
  ["5zb", "invalid suffix: 'zb'"],
  ["5bb", "invalid suffix: 'bb'"],
  ["-5m", "invalid size: '-5m'"],
])("%j bytes are refused", (text, message) => {
  expect(() => parseBytes(text)).toThrow(message);
});

describe("durations", () => {
  test.each([
    ["300ms", 3e8],
    ["-1.5h", -5.4e12],
    ["2h45m", 9.9e12],
    ["1us", 1e3],
    ["1µs", 1e3],
    ["0", 0],
    ["1m0.5s", 60.5e9],
    ["1ns", 1],
  ])("%s", (text, nanoseconds) => {
    expect(parseDuration(text)).toBe(nanoseconds);
  });

  test.each([
    ["", 'time: invalid duration ""'],
    ["x", 'time: invalid duration "x"'],
    ["5", 'time: missing unit in duration "5"'],
    ["5q", 'time: unknown unit "q" in duration "5q"'],
    ["9999999999h", 'time: invalid duration "9999999999h"'],
  ])("%j is refused", (text, message) => {
    expect(() => parseDuration(text)).toThrow(message);
  });

  test("some may not be negative", () => {
    expect(() => parsePositiveDuration("-5s")).toThrow("duration cannot be negative");
  });

  test.each([
    [0, "0s"],
    [1, "1ns"],
    [1500, "1.5µs"],
    [3e8, "300ms"],
    [1.5e9, "1.5s"],
    [9e10, "1m30s"],
    [7.776e15, "2160h0m0s"],
    [3.6e12, "1h0m0s"],
    [60e9 + 5e6, "1m0.005s"],
    [-2e9, "-2s"],
  ])("%d prints as %s", (nanoseconds, text) => {
    expect(formatDuration(nanoseconds)).toBe(text);
  });
});
