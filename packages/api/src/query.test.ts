import { expect, test } from "vitest";
import { Query } from "./query.ts";

test("reads escaped values, and of a repeated key the first", () => {
  const query = new Query("a=1&a=2&name=x%20y+z&bare&bad=%zz&eq=a=b");
  expect(query.text("a")).toBe("1");
  expect(query.text("name")).toBe("x y z");
  expect(query.text("bare")).toBe("");
  expect(query.text("bad")).toBe("%zz");
  expect(query.text("eq")).toBe("a=b");
  expect(query.text("absent")).toBe("");
});

test.each([
  ["", false],
  ["force", false],
  ["force=0", false],
  ["force=no", false],
  ["force=False", false],
  ["force=none", false],
  ["force=1", true],
  ["force=true", true],
  ["force=anything", true],
])("a lenient flag: %s", (text, wanted) => {
  expect(new Query(text).flag("force")).toBe(wanted);
});

test("a strict flag takes Go's words only", () => {
  expect(new Query("status=T").strictFlag("status")).toBe(true);
  expect(new Query("status=f").strictFlag("status")).toBe(false);
  expect(new Query("").strictFlag("status")).toBe(false);
  expect(() => new Query("status=maybe").strictFlag("status")).toThrow(
    'invalid value for status: maybe: strconv.ParseBool: parsing "maybe": invalid syntax',
  );
  expect(() => new Query("x=perhaps").strictFlag("x", "brief")).toThrow(
    /^invalid value for x: perhaps$/,
  );
});

test("a version is an unsigned number", () => {
  expect(new Query("version=17").version("service", true)).toBe(17);
  expect(() => new Query("").version("service", true)).toThrow(
    `invalid service version '': strconv.ParseUint: parsing "": invalid syntax`,
  );
  expect(() => new Query("version=-1").version("node", true)).toThrow(
    `invalid node version '-1': strconv.ParseUint: parsing "-1": invalid syntax`,
  );
  expect(() => new Query("version=18446744073709551616").version("node", true)).toThrow(
    "value out of range",
  );
  expect(() => new Query("version=x").version("secret", false)).toThrow(/^invalid secret version$/);
});
