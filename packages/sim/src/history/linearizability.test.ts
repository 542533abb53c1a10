// Goal: the checker accepts what a register may do, and nothing else. Method: small histories whose
// verdict is known; histories of a real register with clients at once; the same with one answer changed.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { notLinearizable } from "./linearizability.ts";
import type { Operation, OperationKind } from "./operation.ts";
import { formatHistory, parseHistory } from "./operation.ts";

let clients = 0;

/** `[start, end]`, what was asked for, and how it ended; each by a client of its own. */
const operation = (
  [start, end]: readonly [number, number],
  op: OperationKind,
  args: Operation["args"],
  result: Operation["result"],
): Operation => {
  clients += 1;
  return { process: `p${clients}`, op, key: "k", args, result, start, end };
};
const wrote = (at: readonly [number, number], value: string): Operation =>
  operation(at, "create", { value }, { kind: "ok" });
const saw = (at: readonly [number, number], value: string, version: string): Operation =>
  operation(at, "read", {}, { kind: "ok", value, version });
const sawNothing = (at: readonly [number, number]): Operation =>
  operation(at, "read", {}, { kind: "absent" });
const updated = (
  at: readonly [number, number],
  [version, value]: readonly [string, string],
  kind: Operation["result"]["kind"] = "ok",
): Operation => operation(at, "update", { version, value }, { kind });
const removed = (at: readonly [number, number]): Operation =>
  operation(at, "delete", {}, { kind: "ok" });

test.each<[string, readonly Operation[]]>([
  ["nothing", []],
  [
    "one after the other",
    [wrote([0, 1], "a"), saw([2, 3], "a", "1"), removed([4, 5]), sawNothing([6, 7])],
  ],
  ["a read beside a write sees it", [wrote([0, 10], "a"), saw([2, 3], "a", "1")]],
  ["a read beside a write does not see it", [wrote([0, 10], "a"), sawNothing([2, 3])]],
  [
    "an update whose end is unknown and seen much later",
    [
      wrote([0, 1], "a"),
      updated([2, 3], ["1", "b"], "unknown"),
      saw([4, 5], "a", "1"),
      saw([6, 7], "b", "2"),
    ],
  ],
  [
    "an update whose end is unknown and never seen",
    [wrote([0, 1], "a"), updated([2, 3], ["1", "b"], "unknown"), saw([4, 5], "a", "1")],
  ],
  [
    "of two updates of one version one loses",
    [
      wrote([0, 1], "a"),
      saw([2, 3], "a", "1"),
      updated([4, 9], ["1", "b"]),
      updated([4, 9], ["1", "c"], "conflict"),
      saw([10, 11], "b", "2"),
    ],
  ],
  [
    "who comes late finds a conflict with what is gone",
    [
      wrote([0, 1], "a"),
      saw([2, 3], "a", "1"),
      removed([4, 5]),
      updated([6, 7], ["1", "b"], "conflict"),
    ],
  ],
])("accepted: %s", (_, history) => {
  expect(notLinearizable(history)).toBeUndefined();
});

test.each<[string, readonly Operation[]]>([
  ["a read of what nobody wrote", [wrote([0, 1], "a"), saw([2, 3], "b", "1")]],
  ["a lost write", [wrote([0, 1], "a"), sawNothing([2, 3])]],
  [
    "a stale read",
    [wrote([0, 1], "a"), updated([2, 3], ["1", "b"]), saw([4, 5], "b", "2"), saw([6, 7], "a", "1")],
  ],
  [
    "two updates of one version",
    [
      wrote([0, 1], "a"),
      saw([2, 3], "a", "1"),
      updated([4, 5], ["1", "b"]),
      updated([4, 5], ["1", "c"]),
    ],
  ],
  [
    "a read goes back although the update's end is unknown",
    [
      wrote([0, 1], "a"),
      updated([2, 3], ["1", "b"], "unknown"),
      saw([4, 5], "b", "2"),
      saw([6, 7], "a", "1"),
    ],
  ],
  ["a removal that did not last", [wrote([0, 1], "a"), removed([2, 3]), saw([4, 5], "a", "1")]],
  [
    "a conflict with the version that is there",
    [wrote([0, 1], "a"), saw([2, 3], "a", "1"), updated([4, 5], ["1", "b"], "conflict")],
  ],
  ["two creates", [wrote([0, 1], "a"), wrote([2, 3], "b")]],
  [
    "one value with two versions",
    [wrote([0, 1], "a"), saw([2, 3], "a", "1"), saw([4, 5], "a", "2")],
  ],
  [
    "one version of two values",
    [wrote([0, 1], "a"), saw([2, 3], "a", "1"), updated([4, 5], ["1", "b"]), saw([6, 7], "b", "1")],
  ],
])("refused: %s", (_, history) => {
  expect(notLinearizable(history)).toBeDefined();
});

test("keys are independent, and a file holds a history", () => {
  const other = { ...wrote([2, 3], "b"), key: "other" };
  const history = [wrote([0, 1], "a"), other];
  expect(notLinearizable(parseHistory(formatHistory(history)))).toBeUndefined();
  expect(parseHistory(formatHistory(history))).toEqual(history);
});

/** A register that does one operation after the other, each at some moment between its start and end. */
class Register {
  #held: { readonly value: string; readonly version: string } | undefined;
  #version = 0;

  apply({ op, args }: Operation): Operation["result"] {
    const held = this.#held;
    if (op === "read") return held ? { kind: "ok", ...held } : { kind: "absent" };
    if (op === "create" && held) return { kind: "exists" };
    if (op === "delete" && !held) return { kind: "absent" };
    if (op === "update" && held?.version !== args.version) return { kind: "conflict" };
    this.#version += 1;
    this.#held =
      op === "delete" ? undefined : { value: args.value ?? "", version: String(this.#version) };
    return { kind: "ok" };
  }
}

/** Draws how one operation goes: what, how long before and after its moment, whether its end is known. */
const plan = fc.record({
  op: fc.constantFrom<OperationKind>("create", "read", "read", "update", "update", "delete"),
  key: fc.constantFrom("x", "y"),
  /** How many versions back the one is that an update names. */
  back: fc.integer({ min: 0, max: 2 }),
  early: fc.integer({ min: 0, max: 40 }),
  late: fc.integer({ min: 0, max: 40 }),
  fate: fc.constantFrom("known", "known", "known", "known", "done, unknown", "not done, unknown"),
});

const played = (
  plans: readonly (typeof plan extends fc.Arbitrary<infer T> ? T : never)[],
): Operation[] => {
  const registers = new Map<string, { register: Register; versions: string[] }>();
  return plans.map(({ op, key, back, early, late, fate }, index): Operation => {
    const known = registers.get(key) ?? { register: new Register(), versions: [] };
    registers.set(key, known);
    const version = known.versions.at(-1 - back) ?? "0";
    const args = {
      ...(op === "create" || op === "update" ? { value: `v${index}` } : {}),
      ...(op === "update" ? { version } : {}),
    };
    const at = index * 10;
    const asked = { process: `p${index}`, op, key, args, start: at - early, end: at + late };
    if (fate === "not done, unknown") return { ...asked, result: { kind: "unknown" } };
    const result = known.register.apply({ ...asked, result: { kind: "ok" } });
    if (result.version !== undefined) known.versions.push(result.version);
    return { ...asked, result: fate === "known" ? result : { kind: "unknown" } };
  });
};

const histories = fc.array(plan, { minLength: 1, maxLength: 40 }).map(played);

test("what a register does is accepted", () => {
  fc.assert(
    fc.property(histories, (history) => {
      expect(notLinearizable(history)).toBeUndefined();
    }),
    { numRuns: 300 },
  );
});

test("a read of an older value is refused once a newer one was seen", () => {
  const refuses = (history: readonly Operation[]): boolean => {
    const reads = history.filter(({ op, result }) => op === "read" && result.kind === "ok");
    const [first] = reads;
    const newer = reads.find(
      ({ key, result, start }) =>
        key === first?.key && result.value !== first.result.value && start > first.end,
    );
    if (!first || !newer) return true; // nothing to change in this one
    const stale = { ...first, process: "stale", start: newer.end + 1, end: newer.end + 2 };
    const until = history.filter(({ start }) => start <= newer.end);
    return notLinearizable([...until, stale]) !== undefined;
  };
  fc.assert(
    fc.property(histories, (history) => {
      expect(refuses(history)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test("an answer that was turned round is refused when nothing overlaps", () => {
  const turned = (result: Operation["result"], op: OperationKind): Operation["result"] => {
    if (result.kind !== "ok") return { kind: "ok", value: "never written", version: "never" };
    return { kind: op === "create" ? "exists" : op === "update" ? "conflict" : "absent" };
  };
  const calm = fc
    .array(
      plan.map((one) => ({ ...one, early: 1, late: 1, fate: "known" as const })),
      { minLength: 1, maxLength: 30 },
    )
    .map(played);
  const refuses = (history: readonly Operation[], index: number): boolean => {
    const one = history[index];
    // An update of a value whose version nobody has read may have met another one.
    const seen = history.some(({ result }) => result.version === one?.args.version);
    if (one?.op === "update" && (one.result.kind === "ok" || !seen)) return true;
    const changed = history.map((other) =>
      other === one ? { ...one, result: turned(one.result, one.op) } : other,
    );
    return notLinearizable(changed) !== undefined;
  };
  fc.assert(
    fc.property(calm, fc.nat(), (history, at) => {
      expect(refuses(history, at % history.length)).toBe(true);
    }),
    { numRuns: 300 },
  );
});
