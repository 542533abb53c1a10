import { expect, test } from "vitest";
import { formatTable } from "./status.ts";

test("columns are as wide as their widest cell, without blanks at the end", () => {
  expect(
    formatTable([
      ["NAME", "HOST"],
      ["manager1", "up"],
    ]),
  ).toBe("NAME       HOST\nmanager1   up\n");
});
