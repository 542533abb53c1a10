/** Any state becomes any other by its differences, and then there are none. */
import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { NetworkTables } from "@skein/model";
import { copyState, mergeChanges } from "./apply-changes.ts";
import { countChanges, isEmpty } from "./changes.ts";
import { diffKernel } from "./diff.ts";
import type { KernelState } from "./kernel-state.ts";
import { emptyKernelState } from "./kernel-state.ts";
import { planDataplane } from "./plan.ts";
import { anyTables } from "./testing/arbitraries.ts";
import { ableNode1, anEndpoint, aNetwork, aService, theTables } from "./testing/tables.ts";

const stateOf = (given: NetworkTables): KernelState => planDataplane(given, ableNode1).state;

const without = <K, V>(section: ReadonlyMap<K, V>, at: number): ReadonlyMap<K, V> => {
  const entries = [...section];
  if (entries.length > 0) entries.splice(at % entries.length, 1);
  return new Map(entries);
};

/** What a stranger might have done to a kernel: in each section one entry is lost. */
const damaged = (state: KernelState, at: number): KernelState => ({
  bridges: without(state.bridges, at),
  vxlans: without(state.vxlans, at),
  ports: without(state.ports, at),
  addresses: without(state.addresses, at),
  vips: without(state.vips, at),
  flood: without(state.flood, at),
  forwarding: without(state.forwarding, at),
  neighbours: without(state.neighbours, at),
  associations: without(state.associations, at),
  policies: without(state.policies, at),
  sysctls: without(state.sysctls, at),
  filters: without(state.filters, at),
  tables: without(
    new Map(
      [...state.tables].map(([family, { sets, chains }]) => [
        family,
        { sets: at % 3 === 0 ? without(sets, at) : sets, chains: without(chains, at) },
      ]),
    ),
    at + 1,
  ),
});

/** Settings are never taken back, and ports belong to containers. */
const comparable = (state: KernelState): object => ({ ...state, sysctls: null, ports: null });

/** Where the differences lead: the sections that then differ from what is wanted. */
const missed = (from: KernelState, wanted: KernelState): readonly string[] => {
  const reached = copyState(from);
  mergeChanges(reached, diffKernel(from, wanted));
  const settings = [...wanted.sysctls].filter(
    ([path, value]) => reached.sysctls.get(path) !== value,
  );
  return [
    ...Object.keys(countChanges(diffKernel(reached, wanted))),
    ...settings.map(([path]) => path),
    ...(isDeepStrictEqual(comparable(reached), comparable(wanted)) ? [] : ["state"]),
  ];
};

test("what is applied is then there, and nothing is left to do", () => {
  fc.assert(
    fc.property(anyTables, anyTables, fc.nat(50), (first, second, at) => {
      const from = stateOf(first);
      const wanted = stateOf(second);
      expect(missed(from, wanted)).toEqual([]);
      expect(missed(damaged(from, at), wanted)).toEqual([]);
      expect(missed(damaged(wanted, at), wanted)).toEqual([]);
      expect(missed(emptyKernelState(), wanted)).toEqual([]);
      expect(missed(from, emptyKernelState())).toEqual([]);
    }),
    { numRuns: 150 },
  );
});

test("the same tables give the same state", () => {
  fc.assert(
    fc.property(anyTables, (given) => {
      expect(isEmpty(diffKernel(stateOf(given), stateOf(structuredClone(given))))).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test("removing a VIP's task touches that VIP alone, however many services there are", () => {
  const services = Array.from({ length: 200 }, (_, index) => `s${index}`);
  const given = (lost: string) =>
    theTables([
      aNetwork({
        subnets: [{ subnet: "10.0.0.0/8", gateway: "10.0.0.1" }],
        services: services.map((id, index) => aService(id, [`10.1.0.${index}`])),
        endpoints: services.flatMap((serviceId, index) =>
          [2, 3, 4].map((number) =>
            anEndpoint(`${serviceId}.${number}`, [`10.${number}.0.${index}`], {
              serviceId,
              nodeId: "node2",
              active: `${serviceId}.${number}` !== lost,
            }),
          ),
        ),
      }),
    ]);
  const changes = diffKernel(stateOf(given("")), stateOf(given("s7.3")));
  expect(countChanges(changes)).toEqual({ tables: 7 });
  expect(changes.cut).toEqual({ gone: [], idle: ["10.3.0.7"] });
});
