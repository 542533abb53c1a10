import type { Transaction } from "@skein/store";
import { expect, test } from "vitest";
import { aNetwork, aSpec } from "../testing/builders.ts";
import { viewAfter } from "../testing/view.ts";
import type { Filters } from "../present/filters.ts";
import { pruneNetworks } from "./prune-networks.ts";

const fill = (tx: Transaction): void => {
  tx.put("networks", aNetwork("ingress", "10.0.0.0/24", true));
  tx.put("networks", { ...aNetwork("a", "10.0.1.0/24"), labels: { team: "x" } });
  tx.put("networks", aNetwork("b", "10.0.2.0/24"));
  tx.put("networks", aNetwork("used", "10.0.3.0/24"));
  tx.put("networks", { ...aNetwork("bridge", "10.0.4.0/24"), subnets: [] });
  tx.put("services", { id: "web", spec: aSpec({ networks: ["used"] }), specVersion: 1 });
};

/** At 2024-05-01T10:00:00Z, when they were made. */
const pruned = async (filters: Filters): Promise<readonly string[]> => {
  let names: readonly string[] = [];
  const view = await viewAfter((tx) => {
    fill(tx);
    names = pruneNetworks(tx, filters);
  });
  for (const name of names) expect(view.get("networks", name)).toBeUndefined();
  return names;
};

test.each([
  [{}, ["a", "b"]],
  [{ label: ["team"] }, ["a"]],
  [{ label: ["team=y"] }, []],
  [{ "label!": ["team=x"] }, ["b"]],
  [{ until: ["1h30m"] }, []],
  [{ until: ["0s"] }, ["a", "b"]],
  [{ until: ["1714557600"] }, ["a", "b"]],
  [{ until: ["2024-05-01T09:59:59Z"] }, []],
  [{ until: ["2024-05-02"] }, ["a", "b"]],
])("what nobody uses goes, if it passes %j", async (filters, names) => {
  expect(await pruned(filters)).toEqual(names);
});

test("a time that is none is refused", async () => {
  await expect(pruned({ until: ["yesterday"] })).rejects.toThrow(
    'invalid value for "until" filter: yesterday',
  );
});
