import { emptyKernelState } from "@skein/agent";
import type { KernelState, NftTable } from "@skein/agent";
import { expect, test } from "vitest";
import { withTexts } from "./with-texts.ts";

const state = (table: NftTable): KernelState => ({
  ...emptyKernelState(),
  tables: new Map([["ip", table]]),
});

const table = (text: string, ruleId = "r1"): NftTable => ({
  sets: new Map([
    ["s", { kind: "set", id: "s1", definition: text, elements: new Map([["10.0.0.1", ""]]) }],
  ]),
  chains: new Map([["c", { hook: "", rules: [{ id: ruleId, text }] }]]),
});

test("texts come from the same rules and sets, and from no others", () => {
  expect(withTexts(state(table("")), state(table("full")))).toEqual(state(table("full")));
  const other = withTexts(state(table("", "r2")), state(table("full")));
  expect(other.tables.get("ip")?.chains.get("c")?.rules).toEqual([{ id: "r2", text: "" }]);
  expect(withTexts(state(table("")), emptyKernelState())).toEqual(state(table("")));
});
