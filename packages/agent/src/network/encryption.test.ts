/** Both ends of an encrypted network agree on everything, and nothing leaves in the clear on the way. */
import type { NetworkKeyRing, NetworkTables } from "@skein/model";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { describeChanges } from "./describe-changes.ts";
import { diffKernel } from "./diff.ts";
import { encryptedMtu, encryptedPort, spiOf } from "./encryption.ts";
import type { KernelState, SecurityAssociation } from "./kernel-state.ts";
import { emptyKernelState } from "./kernel-state.ts";
import { planDataplane } from "./plan.ts";
import { ableNode1, aNetwork, aRing, node1, theTables } from "./testing/tables.ts";

const ring = aRing;

const stateOf = (tables: NetworkTables): KernelState => planDataplane(tables, ableNode1).state;

const encrypted = (keys: NetworkKeyRing | undefined): NetworkTables => ({
  ...theTables([aNetwork({ encrypted: true })]),
  ...(keys ? { keys } : {}),
});

test("the greatest packet leaves room for VXLAN and ESP", () => {
  expect(encryptedMtu("192.0.2.1", 1500)).toBe(1416);
  expect(encryptedMtu("2001:db8::1", 1500)).toBe(1396);
  expect(encryptedMtu("192.0.2.1", 9000)).toBe(8916);
  expect(encryptedMtu("192.0.2.1", 1503)).toBe(1416);
});

test("an encrypted network has a port of its own, policies for both directions, and all else blocked", () => {
  const state = stateOf(encrypted(ring(2)));
  expect([...state.vxlans.values()].map(({ port, mtu }) => [port, mtu])).toEqual([[4790, 1416]]);
  expect([...state.policies.keys()]).toEqual([
    "out 192.0.2.1/32 0.0.0.0/0 4790",
    "in 0.0.0.0/0 192.0.2.1/32 4790",
    "out 192.0.2.1/32 192.0.2.2/32 4790",
    "in 192.0.2.2/32 192.0.2.1/32 4790",
  ]);
  expect([...state.policies.values()].map(({ action, spi }) => [action, spi])).toEqual([
    ["block", 0],
    ["block", 0],
    ["encrypt", spiOf("192.0.2.1", { number: 2 })],
    ["encrypt", 0],
  ]);
  const guard = state.tables.get("ip")?.chains.get("encrypt_output")?.rules;
  expect(guard?.map(({ text }) => text)).toEqual(["udp dport 4790 rt ipsec missing drop"]);
});

test("it sends with the current key, and takes all three", () => {
  const { associations } = stateOf(encrypted(ring(2)));
  const keysOf = (from: string): readonly string[] =>
    [...associations.values()].filter(({ source }) => source === from).map(({ key }) => key);
  expect(keysOf("192.0.2.1")).toEqual(["secret2/skein esp 192.0.2.1 192.0.2.2"]);
  expect(keysOf("192.0.2.2")).toEqual([
    "secret1/skein esp 192.0.2.2 192.0.2.1",
    "secret2/skein esp 192.0.2.2 192.0.2.1",
    "secret3/skein esp 192.0.2.2 192.0.2.1",
  ]);
});

test("a plain network needs none of it, and is as ever beside an encrypted one", () => {
  const both = theTables([aNetwork(), aNetwork({ id: "red", vni: 4106, encrypted: true })]);
  const { vxlans } = stateOf({ ...both, keys: ring(2) });
  expect([...vxlans.values()].map(({ port, mtu }) => [port, mtu])).toEqual([
    [4789, 1450],
    [4790, 1416],
  ]);
  const { associations, policies, tables } = stateOf({ ...theTables([aNetwork()]), keys: ring(2) });
  expect(associations.size + policies.size).toBe(0);
  expect(tables.get("ip")?.chains.has("encrypt_output")).toBe(false);
});

test("the guard is there for the underlay's family, whatever the network's is", () => {
  const tables: NetworkTables = {
    ...theTables([
      aNetwork({
        encrypted: true,
        peers: [{ nodeId: "node2", underlay: "2001:db8::2", gateways: ["10.0.5.2"] }],
      }),
    ]),
    underlay: "2001:db8::1",
    dataPathPort: 9789,
    keys: ring(2),
  };
  const state = stateOf(tables);
  expect(state.tables.get("ip6")?.chains.has("encrypt_input")).toBe(true);
  expect([...state.policies.keys()]).toContain("out 2001:db8::1/128 2001:db8::2/128 9790");
  expect(encryptedPort(9789)).toBe(9790);
});

test("without keys, or a kernel that can, nothing of the network is made", () => {
  const withoutKeys = planDataplane(encrypted(undefined), ableNode1);
  const withoutKernel = planDataplane(encrypted(ring(2)), node1);
  for (const { state, problems } of [withoutKeys, withoutKernel]) {
    expect(problems.map(({ networkId }) => networkId)).toEqual([aNetwork().id]);
    expect(diffKernel(emptyKernelState(), state).vxlans).toEqual([]);
    expect(state.policies.size + state.bridges.size).toBe(0);
  }
});

test("a rotation adds a key, switches, and drops the oldest: what stays is not touched", () => {
  const changes = diffKernel(stateOf(encrypted(ring(2))), stateOf(encrypted(ring(3))));
  const numbers = (which: "was" | "now") =>
    changes.associations.flatMap((change) => change[which]?.key.slice(0, 7) ?? []);
  expect(numbers("now").toSorted()).toEqual(["secret3", "secret4"]);
  expect(numbers("was").toSorted()).toEqual(["secret1", "secret2"]);
  expect(changes.policies.map(({ key }) => key)).toEqual(["out 192.0.2.1/32 192.0.2.2/32 4790"]);
  expect(changes.vxlans).toEqual([]);
});

test("keys are not told when differences are", () => {
  const wanted = stateOf(encrypted(ring(2)));
  const damaged = new Map(
    [...wanted.associations].map(([id, one]) => [id, { ...one, key: "strange" }]),
  );
  const told = JSON.stringify(
    describeChanges(diffKernel({ ...wanted, associations: damaged }, wanted)),
  );
  expect(told).toContain("associations");
  expect(told).not.toMatch(/secret|strange/);
});

const address = (index: number, family: "ip" | "ip6"): string =>
  family === "ip" ? `192.0.2.${index}` : `2001:db8::${index}`;

/** What a node of a cluster of `count` has, at this step of the rotation. */
const nodeState = (
  index: number,
  family: "ip" | "ip6",
  { count, number }: { readonly count: number; readonly number: number },
): KernelState => {
  const others = Array.from({ length: count }, (_, at) => at + 1).filter((at) => at !== index);
  const network = aNetwork({
    encrypted: true,
    peers: others.map((at) => ({
      nodeId: `node${at}`,
      underlay: address(at, family),
      gateways: [`10.0.5.${at}`],
    })),
  });
  return stateOf({
    ...theTables([network]),
    underlay: address(index, family),
    keys: ring(number),
  });
};

/** What a node really sends by: the associations that its policies name. */
const sentBy = ({ policies, associations }: KernelState, own: string): SecurityAssociation[] =>
  [...policies.values()]
    .filter(({ direction, action }) => direction === "out" && action === "encrypt")
    .flatMap(({ destination, spi }) => {
      const to = destination.replace(/\/\d+$/, "");
      return associations.get(`${own} ${to} ${spi}`) ?? [];
    });

/** How a node would take what comes from another with this number. */
const taken = (
  state: KernelState | undefined,
  sent: SecurityAssociation,
): SecurityAssociation | undefined =>
  [...(state?.associations.values() ?? [])].find(
    ({ destination, spi }) => destination === sent.destination && spi === sent.spi,
  );

test("each node takes what any other sends, while they are at most one rotation apart", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("ip" as const, "ip6" as const),
      fc.integer({ min: 2, max: 1000 }),
      fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 2, maxLength: 6 }),
      (family, number, ahead) => {
        const count = ahead.length;
        const states = ahead.map((more, at) =>
          nodeState(at + 1, family, { count, number: number + more }),
        );
        const sent = states.flatMap((state, at) => sentBy(state, address(at + 1, family)));
        expect(sent).toHaveLength(count * (count - 1));
        for (const one of sent) {
          const to = states.findIndex((_, at) => address(at + 1, family) === one.destination);
          expect(taken(states[to], one)).toEqual(one);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("all who send to a node have numbers of their own, for each key of a ring", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 254 }), { minLength: 2, maxLength: 60 }),
      fc.constantFrom("10.0.3.", "172.16.9.", "192.168.77.", "2001:db8::"),
      fc.nat(10_000),
      (hosts, base, number) => {
        const numbers = hosts.flatMap((host) =>
          [number, number + 1, number + 2].map((one) => spiOf(`${base}${host}`, { number: one })),
        );
        expect(new Set(numbers).size).toBe(numbers.length);
        for (const spi of numbers) expect(spi > 255 && spi < 2 ** 32).toBe(true);
      },
    ),
  );
});
