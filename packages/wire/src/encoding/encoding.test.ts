import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { checkFilterKeys, encodeFilters, parseFilters } from "./filters.ts";
import { encodeLogFrame, logFrameReader } from "./log-stream.ts";
import { decodeRegistryAuth, encodeRegistryAuth } from "./registry-auth.ts";
import { formatTime } from "./time.ts";

describe("base64", () => {
  it("is Node's, both ways", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = Buffer.from(bytes).toString("base64");
        expect(encodeBase64(bytes)).toBe(text);
        expect(decodeBase64(text)).toEqual(bytes);
      }),
    );
  });
});

describe("times", () => {
  it("drop trailing zeros of the fraction", () => {
    expect(formatTime(0)).toBe("1970-01-01T00:00:00Z");
    expect(formatTime(Date.UTC(2024, 1, 29, 23, 59, 59, 120))).toBe("2024-02-29T23:59:59.12Z");
    expect(formatTime(1.5)).toBe("1970-01-01T00:00:00.0015Z");
  });

  it("are ISO's at all times", () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), (ms) => {
        const iso = new Date(ms).toISOString().replace(/\.?0*Z$/, "Z");
        expect(formatTime(ms)).toBe(iso.replace(/:0?Z$/, ":00Z").replace(/:(\d)Z$/, ":$10Z"));
      }),
    );
  });
});

describe("the framing of logs", () => {
  it("survives being cut anywhere", () => {
    const frames = fc.array(
      fc.record({ stream: fc.constantFrom("stdout", "stderr", "system"), data: fc.uint8Array() }),
    );
    fc.assert(
      fc.property(frames, fc.integer({ min: 1, max: 20 }), (sent, size) => {
        const bytes = Buffer.concat(sent.map(encodeLogFrame));
        const read = logFrameReader();
        const got = [];
        for (let at = 0; at < bytes.length; at += size)
          got.push(...read(bytes.subarray(at, at + size)));
        expect(got.map(({ stream, data }) => ({ stream, data: [...data] }))).toEqual(
          sent.map(({ stream, data }) => ({ stream, data: [...data] })),
        );
      }),
    );
  });

  it("puts stream and length in front", () => {
    const frame = encodeLogFrame({ stream: "stderr", data: new Uint8Array([65, 10]) });
    expect([...frame]).toEqual([2, 0, 0, 0, 0, 0, 0, 2, 65, 10]);
  });
});

describe("filters", () => {
  it("come as lists or as sets", () => {
    const wanted = new Map([["name", ["a", "b"]]]);
    expect(parseFilters('{"name":["a","b"]}')).toEqual(wanted);
    expect(parseFilters('{"name":{"a":true,"b":false},"id":{}}')).toEqual(wanted);
    expect(parseFilters(encodeFilters(wanted))).toEqual(wanted);
    expect(parseFilters("")).toEqual(new Map());
  });

  it.each([
    ['{"name":"web"}', "json: cannot unmarshal string into Go value of type map[string]bool"],
    ["[]", "json: cannot unmarshal array into Go value of type map[string]map[string]bool"],
    ["x", "invalid character 'x' looking for beginning of value"],
  ])("refuse %s", (text, message) => {
    expect(() => parseFilters(text)).toThrow(message);
  });

  it("refuse unknown keys", () => {
    const filters = parseFilters('{"bogus":["x"]}');
    expect(() => checkFilterKeys(filters, ["name"])).toThrow("invalid filter 'bogus'");
  });
});

describe("registry credentials", () => {
  it("travel as URL-safe base64", () => {
    const auth = { username: "u??>>", password: "p", serveraddress: "r:5000" };
    const header = encodeRegistryAuth(auth);
    expect(header).not.toMatch(/[+/]/);
    expect(decodeRegistryAuth(header)).toEqual(auth);
  });

  it("that cannot be read are none", () => {
    expect(decodeRegistryAuth("%%%")).toBeUndefined();
    expect(decodeRegistryAuth("bm9qc29u")).toBeUndefined();
  });
});
