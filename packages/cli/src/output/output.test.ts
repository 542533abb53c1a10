import { describe, expect, test } from "vitest";
import { formatTime } from "./go-time.ts";
import { displayImage, parseImage, registryOf } from "./image.ts";
import { goJson, indentJson } from "./json.ts";
import { formatList } from "./list.ts";
import type { Listing } from "./list.ts";
import { alignTabs } from "./table.ts";
import { capitalize, ellipsis, humanDuration, humanSize, naturalOrder, shortId } from "./units.ts";

describe("tables", () => {
  test("columns are three apart, at least ten wide, and the last is not padded", () => {
    expect(alignTabs("ID\tNAME\tX\nabcdefghij\tb\tlonger\n")).toBe(
      "ID           NAME      X\nabcdefghij   b         longer\n",
    );
  });

  test("wide characters take two columns", () => {
    expect(alignTabs("名前名前名前\tx\nab\ty\n")).toBe("名前名前名前   x\nab             y\n");
  });

  test("a line without cells ends the columns above it", () => {
    expect(alignTabs("a long cell here\tx\nplain\nb\ty\n")).toBe(
      "a long cell here   x\nplain\nb         y\n",
    );
  });
});

const listing: Listing = {
  type: "*test.context",
  headers: { ID: "ID", Name: "NAME", Self: "" },
  cells: (fields) => [String(fields["ID"]), String(fields["Name"])],
  raw: [
    ["id", "ID"],
    ["name", "Name"],
  ],
};

const rows = [
  { ID: "1", Name: "<a>", Self: true },
  { ID: "2", Name: "b", Self: false },
];

describe("lists", () => {
  const text = (format: string, quiet = false): Promise<string> =>
    formatList(listing, rows, { format, quiet });

  test("the table, ids only, raw and JSON", async () => {
    expect(await text("")).toBe("ID        NAME\n1         <a>\n2         b\n");
    expect(await text("table", true)).toBe("1\n2\n");
    expect(await text("raw")).toBe("id: 1\nname: <a>\n\nid: 2\nname: b\n\n");
    expect(await text("raw", true)).toBe("id: 1\nid: 2\n");
    expect(await text("json")).toContain(String.raw`{"ID":"1","Name":"\u003ca\u003e","Self":true}`);
  });

  test("templates, with and without headings", async () => {
    expect(await text("{{.ID}}{{if .Self}}*{{end}}")).toBe("1*\n2\n");
    expect(await text(String.raw`table {{.Name}}\t{{upper .Name}}{{json .ID}}`)).toBe(
      'NAME      NAMEID\n<a>       <A>"1"\nb         B"2"\n',
    );
  });

  test("a template that is wrong is named", async () => {
    await expect(text("{{.ID")).rejects.toThrow("template parsing error: template: ");
    await expect(text("{{.Nope}}")).rejects.toThrow(
      "can't evaluate field Nope in type *test.context",
    );
  });
});

describe("JSON", () => {
  test("indenting keeps numbers and escapes as they came", () => {
    expect(
      indentJson(String.raw`[{"a":12345678901234567890,"b":[],"c":{},"d":[1,{"e":"x\u003c,:{"}]}]`),
    ).toBe(
      String.raw`[
    {
        "a": 12345678901234567890,
        "b": [],
        "c": {},
        "d": [
            1,
            {
                "e": "x\u003c,:{"
            }
        ]
    }
]`,
    );
    expect(indentJson("[]")).toBe("[]");
  });

  test("Go escapes what HTML would read", () => {
    expect(goJson({ a: "<&>" })).toBe(String.raw`{"a":"\u003c\u0026\u003e"}`);
  });
});

describe("images", () => {
  test.each([
    ["nginx", "nginx"],
    ["nginx:1@sha256:" + "a".repeat(64), "nginx:1"],
    ["docker.io/library/nginx:1", "nginx:1"],
    ["docker.io/me/app:1", "me/app:1"],
    ["localhost:5000/a/b:tag", "localhost:5000/a/b:tag"],
    ["nginx@sha256:" + "a".repeat(64), "nginx@sha256:" + "a".repeat(64)],
    ["Bad:Name", "Bad:Name"],
  ])("%s is shown as %s", (image, shown) => {
    expect(displayImage(image)).toBe(shown);
  });

  test("what is no reference is none", () => {
    expect(parseImage("UPPER")).toBeUndefined();
    expect(parseImage("a".repeat(64))).toBeUndefined();
  });

  test("registries", () => {
    expect(registryOf("nginx")).toBe("https://index.docker.io/v1/");
    expect(registryOf("me/app:1")).toBe("https://index.docker.io/v1/");
    expect(registryOf("r.example.com:5000/app")).toBe("r.example.com:5000");
  });
});

describe("units", () => {
  const minute = 60_000;
  const hour = 60 * minute;
  test.each([
    [500, "Less than a second"],
    [1000, "1 second"],
    [59_000, "59 seconds"],
    [minute, "About a minute"],
    [46 * minute, "46 minutes"],
    [70 * minute, "About an hour"],
    [47 * hour, "47 hours"],
    [72 * hour, "3 days"],
    [24 * 15 * hour, "2 weeks"],
    [24 * 70 * hour, "2 months"],
    [24 * 800 * hour, "2 years"],
  ])("%d ms is %s", (milliseconds, words) => {
    expect(humanDuration(milliseconds)).toBe(words);
  });

  test("sizes, ids, words, order", () => {
    expect(humanSize(25_276_514_304)).toBe("23.54GiB");
    expect(humanSize(104_857_600)).toBe("100MiB");
    expect(shortId("sha256:0123456789abcdef")).toBe("0123456789ab");
    expect(capitalize("READY")).toBe("Ready");
    expect(capitalize("")).toBe("");
    expect(ellipsis("starting container failed: failed", 30)).toBe(
      "starting container failed: fa…",
    );
    expect(ellipsis("short", 30)).toBe("short");
    expect(["web10", "web2", "web", "a"].toSorted(naturalOrder)).toEqual([
      "a",
      "web",
      "web2",
      "web10",
    ]);
  });

  test("times as Go prints them", () => {
    expect(formatTime("2026-11-21T02:39:35.312405380Z")).toBe(
      "2026-11-21 02:39:35.31240538 +0000 UTC",
    );
    expect(formatTime("2026-11-21T02:39:35Z")).toBe("2026-11-21 02:39:35 +0000 UTC");
  });
});
