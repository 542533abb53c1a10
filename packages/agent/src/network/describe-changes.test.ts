// Goal: whoever looks learns which thing of the kernel is not as it should be.
// Method: small states, compared and described.
import { expect, test } from "vitest";
import { describeChanges, differenceText } from "./describe-changes.ts";
import { diffKernel } from "./diff.ts";
import type { KernelState, NftSet, NftTable } from "./kernel-state.ts";
import { emptyKernelState } from "./kernel-state.ts";

const bridge = (up: boolean) =>
  ({
    mac: "02:42:0a:00:05:02",
    mtu: 1450,
    up,
    multicastSnooping: false,
    filtersIp: true,
    filtersIp6: false,
  }) as const;

const table = (elements: readonly (readonly [string, string])[]): NftTable => {
  const backends: NftSet = { kind: "map", id: "a", definition: "", elements: new Map(elements) };
  return { sets: new Map([["backends", backends]]), chains: new Map() };
};

const state = (more: Partial<KernelState>): KernelState => ({ ...emptyKernelState(), ...more });

const described = (actual: Partial<KernelState>, wanted: Partial<KernelState>): readonly string[] =>
  describeChanges(diffKernel(state(actual), state(wanted))).map(differenceText);

test("equal states differ in nothing", () => {
  expect(described({}, {})).toEqual([]);
});

test("a device that is there says what of it is wrong", () => {
  const bridges = (up: boolean) => new Map([["sk-1", bridge(up)]]);
  expect(described({ bridges: bridges(false) }, { bridges: bridges(true) })).toEqual([
    "bridges sk-1: changed (up is false, should be true)",
  ]);
});

test("entries are missing or unexpected", () => {
  const neighbours = (address: string) =>
    new Map([[`sk-1 ${address}`, { device: "sk-1", address, mac: "02:42:0a:00:05:07" }]]);
  expect(
    described({ neighbours: neighbours("10.0.5.8") }, { neighbours: neighbours("10.0.5.7") }),
  ).toEqual(["neighbours sk-1 10.0.5.8: unexpected", "neighbours sk-1 10.0.5.7: missing"]);
});

test("elements of maps are named one by one; a value that is wrong counts once", () => {
  const tables = (...elements: readonly (readonly [string, string])[]) =>
    new Map([["ip", table(elements)] as const]);
  expect(
    described(
      { tables: tables(["10.0.5.4 . 0", "10.0.5.9"], ["10.0.5.6 . 0", "10.0.5.7"]) },
      { tables: tables(["10.0.5.4 . 0", "10.0.5.7"], ["10.0.5.4 . 1", "10.0.5.8"]) },
    ),
  ).toEqual([
    "tables ip element backends { 10.0.5.4 . 0 }: missing (should be 10.0.5.7)",
    "tables ip element backends { 10.0.5.4 . 1 }: missing (should be 10.0.5.8)",
    "tables ip element backends { 10.0.5.6 . 0 }: unexpected",
  ]);
});

test("a table that is gone is one difference", () => {
  expect(described({}, { tables: new Map([["ip", table([["a", "b"]])]]) })).toEqual([
    "tables ip table skein: missing",
  ]);
});

test("keys of encrypted networks are not told", () => {
  const associations = (key: string) =>
    new Map([
      [
        "10.9.0.1 10.9.0.2 7",
        { source: "10.9.0.1", destination: "10.9.0.2", spi: 7, key, worn: false },
      ],
    ]);
  expect(
    described({ associations: associations("aa") }, { associations: associations("bb") }),
  ).toEqual(["associations 10.9.0.1 10.9.0.2 7: changed"]);
});
