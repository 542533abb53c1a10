import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseBody, parseJson } from "./parse.ts";

describe("JSON syntax errors, in Go's words", () => {
  it.each([
    ["{broken", "invalid character 'b' looking for beginning of object key string"],
    ["nope", "invalid character 'o' in literal null (expecting 'u')"],
    ["x", "invalid character 'x' looking for beginning of value"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ["[1 2]", "invalid character '2' after array element"],
    ["[1,]", "invalid character ']' looking for beginning of value"],
    ["01", "invalid character '1' after top-level value"],
    ["-x", "invalid character 'x' in numeric literal"],
    ["1.x", "invalid character 'x' after decimal point in numeric literal"],
    ["1ex", "invalid character 'x' in exponent of numeric literal"],
    ['"a\nb"', "invalid character '\\n' in string literal"],
    ['"\\q"', "invalid character 'q' in string escape code"],
    ['"\\u00g0"', "invalid character 'g' in \\u hexadecimal character escape"],
    ["é", "invalid character 'Ã' looking for beginning of value"],
    ["'a'", "invalid character '\\'' looking for beginning of value"],
    ["\u0001", "invalid character '\\x01' looking for beginning of value"],
    ["", "unexpected end of JSON input"],
    ['{"a":', "unexpected end of JSON input"],
    ["[".repeat(100_000), "exceeded max depth"],
  ])("%j", (text, message) => {
    expect(() => parseJson(text)).toThrow(message);
  });

  it("differ for a body that is empty, cut off, or followed by more", () => {
    expect(() => parseBody(" \n")).toThrow("got EOF while reading request body");
    expect(() => parseBody('{"a":')).toThrow("unexpected EOF");
    expect(() => parseBody("{} {}")).toThrow("unexpected content after JSON");
  });
});

const accepts = (parse: (text: string) => unknown, text: string): boolean => {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
};

describe("JSON values", () => {
  it("are accepted exactly when they are JSON", () => {
    const scraps = fc.constantFrom(
      ...["{", "}", "[", "]", ":", ","].concat([
        "1",
        "-",
        ".5",
        "e3",
        "null",
        "true",
        '"',
        "\\",
        " ",
      ]),
    );
    const texts = fc.array(scraps, { maxLength: 8 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.oneof(texts, fc.json()), (text) => {
        expect(accepts(parseJson, text)).toBe(accepts(JSON.parse, text));
      }),
      { numRuns: 2000 },
    );
  });

  it("keep numbers as written, repeated keys and escapes", () => {
    expect(parseJson(' {"a":1e3,"a":"\\u00e9\\n\\ud83d\\ude00\\ud800"} ')).toEqual({
      kind: "object",
      entries: [
        ["a", { kind: "number", text: "1e3" }],
        ["a", { kind: "string", value: "é\n😀\ufffd" }],
      ],
    });
  });
});
