// Goal: an overlay network that no node can have is refused with what is missing; others are made.
import { expect, test } from "vitest";
import { checkRequirements } from "./ask-requirements.ts";

const node = (hostname: string, ...missing: readonly string[]) => ({ hostname, missing });

test("nothing is said while all nodes can, or none was heard", () => {
  expect(checkRequirements([])).toBe("");
  expect(checkRequirements([node("a"), node("b")])).toBe("");
});

test("some nodes cannot: a warning; no node can: a refusal", () => {
  const lacking = node("b", 'the program "nft" is not installed');
  expect(checkRequirements([node("a"), lacking])).toBe(
    'tasks on this network cannot run on node b: the program "nft" is not installed',
  );
  expect(() => checkRequirements([lacking])).toThrow(
    'no node can have overlay networks: node b: the program "nft" is not installed',
  );
});
