import { expect, test } from "vitest";
import { scoreTable } from "./difftest-score.ts";

test("areas and their sum, with the share of good answers", () => {
  expect(
    scoreTable([
      { area: "nodes", same: 7, near: 1, differ: 2, skipped: 0 },
      { area: "api", same: 0, near: 0, differ: 0, skipped: 0 },
    ]),
  ).toBe(
    [
      "area            same    near  differ skipped      good",
      "nodes              7       1       2       0    80.0 %",
      "api                0       0       0       0         -",
      "total              7       1       2       0    80.0 %",
      "",
    ].join("\n"),
  );
});
