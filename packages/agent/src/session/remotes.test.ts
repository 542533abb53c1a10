import { seededRandom } from "@skein/base";
import { expect, test } from "vitest";
import { Remotes } from "./remotes.ts";
import { nextBackoff } from "./session-loop.ts";

const managers = ["a:1", "b:1", "c:1"].map((addr) => ({ nodeId: addr, addr }));

/** How often each address is picked in 3000 draws. */
const picks = (remotes: Remotes): Record<string, number> => {
  const random = seededRandom(3);
  const counts: Record<string, number> = {};
  for (let n = 0; n < 3000; n += 1) {
    const addr = remotes.pick(random) ?? "none";
    counts[addr] = (counts[addr] ?? 0) + 1;
  }
  return counts;
};

test("nodes spread over the managers that work; one that fails is hardly tried", () => {
  const remotes = new Remotes(managers);
  for (const count of Object.values(picks(remotes))) expect(count).toBeGreaterThan(900);
  for (let n = 0; n < 8; n += 1) remotes.observe("b:1", false);
  const { "b:1": failing = 0 } = picks(remotes);
  expect(failing).toBeGreaterThan(0);
  expect(failing).toBeLessThan(100);
  remotes.observe("b:1", true);
  expect(picks(remotes)["b:1"]).toBeGreaterThan(500);
});

test("managers that left are not tried, what is known of the others stays", () => {
  const remotes = new Remotes(managers);
  for (let n = 0; n < 8; n += 1) remotes.observe("b:1", false);
  remotes.replace(managers.slice(0, 2));
  const counts = picks(remotes);
  expect(counts["c:1"]).toBeUndefined();
  expect(counts["b:1"]).toBeLessThan(150);
  remotes.replace([]);
  expect(remotes.pick(seededRandom(1))).toBeUndefined();
});

test("the pause's bound doubles and stops at 8 s", () => {
  const bounds: number[] = [];
  for (let bound = 0; bounds.length < 9;) bounds.push((bound = nextBackoff(bound)));
  expect(bounds).toEqual([100, 300, 700, 1500, 3100, 6300, 8000, 8000, 8000]);
});

test("the manager that has just failed is tried again only when there is no other", () => {
  const remotes = new Remotes(managers);
  const random = seededRandom(5);
  for (let n = 0; n < 200; n += 1) expect(remotes.pick(random, "b:1")).not.toBe("b:1");
  remotes.replace(managers.slice(1, 2));
  expect(remotes.pick(random, "b:1")).toBe("b:1");
});
