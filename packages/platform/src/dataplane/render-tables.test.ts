import { diffKernel, emptyKernelState } from "@skein/agent";
import type { KernelState, NftTable } from "@skein/agent";
import { expect, test } from "vitest";
import { parseTable } from "./read-tables.ts";
import { renderTables } from "./render-tables.ts";

const table = (elements: readonly (readonly [string, string])[], slots: number): NftTable => ({
  sets: new Map([
    [
      "vips",
      { kind: "map", id: "a1", definition: "type x : verdict;", elements: new Map(elements) },
    ],
  ]),
  chains: new Map([
    ["nat", { hook: "nat prerouting -110", rules: [{ id: "r1", text: "ip daddr vmap @vips" }] }],
    [`vip_${slots}`, { hook: "", rules: [{ id: `v${slots}`, text: `dnat mod ${slots}` }] }],
  ]),
});

const state = (ip: NftTable | undefined): KernelState => ({
  ...emptyKernelState(),
  tables: ip ? new Map([["ip", ip]]) : new Map(),
});

const render = (from: NftTable | undefined, to: NftTable | undefined): readonly string[] =>
  renderTables(diffKernel(state(from), state(to)).tables);

const before = table([["10.0.5.100", "goto vip_3"]], 3);

test("a table is made in one transaction", () => {
  expect(render(undefined, before)).toEqual([
    'add table ip skein; add map ip skein vips { type x : verdict; comment "a1"; }; ' +
      "add chain ip skein nat { type nat hook prerouting priority -110; policy accept; }; " +
      "add chain ip skein vip_3; flush chain ip skein nat; " +
      'add rule ip skein nat ip daddr vmap @vips comment "r1"; flush chain ip skein vip_3; ' +
      'add rule ip skein vip_3 dnat mod 3 comment "v3"; ' +
      "add element ip skein vips { 10.0.5.100 : goto vip_3 }",
  ]);
});

test("a change names what changes; chains are there before and after they are used", () => {
  expect(render(before, table([["10.0.5.100", "goto vip_2"]], 2))).toEqual([
    'add chain ip skein vip_2; flush chain ip skein vip_2; add rule ip skein vip_2 dnat mod 2 comment "v2"',
    "delete element ip skein vips { 10.0.5.100 }; add element ip skein vips { 10.0.5.100 : goto vip_2 }",
    "flush chain ip skein vip_3; delete chain ip skein vip_3",
  ]);
});

test("a table that must be another is replaced in one transaction", () => {
  const [line = "", ...more] = render(before, {
    ...before,
    sets: new Map([["vips", { kind: "map", id: "a2", definition: "x", elements: new Map() }]]),
  });
  expect(line).toMatch(/^delete table ip skein; add table ip skein; /);
  expect(more).toEqual([]);
});

test("a table goes", () => {
  expect(render(before, undefined)).toEqual(["delete table ip skein"]);
});

test("what nft prints is read back", () => {
  const json = {
    nftables: [
      { metainfo: { version: "1.0.6" } },
      { table: { family: "ip", name: "skein", handle: 1 } },
      {
        map: {
          name: "vips",
          type: ["ifname", "ipv4_addr"],
          map: "verdict",
          comment: "a1",
          elem: [[{ concat: ["sk-a", "10.0.5.100"] }, { goto: { target: "vip_3" } }]],
        },
      },
      {
        map: {
          name: "target_ports",
          type: ["inet_proto", "inet_service"],
          map: "inet_service",
          comment: "a2",
          elem: [[{ concat: ["tcp", 8080] }, 80]],
        },
      },
      {
        set: {
          name: "shared",
          type: ["ipv4_addr", "ipv4_addr"],
          comment: "a3",
          flags: ["interval"],
          elem: [{ concat: [{ prefix: { addr: "10.0.5.0", len: 24 } }, "10.0.0.31"] }],
        },
      },
      { set: { name: "internal", type: "ifname", elem: ["sk-a"] } },
      { chain: { name: "nat", type: "nat", hook: "prerouting", prio: -110, policy: "accept" } },
      { chain: { name: "vip_3", handle: 3 } },
      { rule: { chain: "nat", comment: "r1", expr: [] } },
      { rule: { chain: "nat", expr: [] } },
    ],
  };
  const { sets, chains } = parseTable(json);
  expect([...sets].map(([name, { id, elements }]) => [name, id, ...elements])).toEqual([
    ["vips", "a1", ['"sk-a" . 10.0.5.100', "goto vip_3"]],
    ["target_ports", "a2", ["tcp . 8080", "80"]],
    ["shared", "a3", ["10.0.5.0/24 . 10.0.0.31", ""]],
    ["internal", "", ['"sk-a"', ""]],
  ]);
  expect(Object.fromEntries(chains)).toEqual({
    nat: {
      hook: "nat prerouting -110",
      rules: [
        { id: "r1", text: "" },
        { id: "", text: "" },
      ],
    },
    vip_3: { hook: "", rules: [] },
  });
});
