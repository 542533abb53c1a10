import { expect, test } from "vitest";
import { add, closingLine, tallyOf } from "./tally.ts";

const file = (status: string, ...tests: string[]): unknown => ({
  status,
  assertionResults: tests.map((each) => ({ status: each })),
});
const report = (numPassedTests: number, numFailedTests: number, ...testResults: unknown[]) => ({
  numPassedTests,
  numFailedTests,
  testResults,
});

test("tests are counted", () => {
  const run = report(2, 1, file("failed", "passed", "failed"), file("passed", "passed"));
  expect(tallyOf(run, 1)).toEqual({ passed: 2, failed: 1 });
});

test("a file that cannot be loaded counts as a failure", () => {
  expect(tallyOf(report(1, 0, file("failed"), file("passed", "passed")), 1)).toEqual({
    passed: 1,
    failed: 1,
  });
});

test("a run that fails without a failed test counts as a failure", () => {
  expect(tallyOf(report(3, 0, file("passed", "passed")), 1)).toEqual({ passed: 3, failed: 1 });
  expect(tallyOf(undefined, 0)).toEqual({ passed: 0, failed: 1 });
});

test("the closing line sums everything up", () => {
  expect(closingLine(add({ passed: 2, failed: 1 }, { passed: 40, failed: 0 }))).toBe(
    "42 passed, 1 failed",
  );
});
