// Goal: a backup gives back exactly what was put in, and one that is not whole, not for this key or
// not understood is refused. Method: files written, then damaged.
import { describe, expect, test } from "vitest";
import type { LoadedState } from "@skein/store";
import { readBackup, writeBackup } from "./backup-file.ts";
import type { Protector } from "./protection.ts";

const state: LoadedState = {
  index: 41,
  records: [
    { key: "clusters/c", value: { id: "c", name: "default", list: [1, 2, 3] } },
    { key: "secrets/s", value: { id: "s", data: Buffer.from("password") } },
    ...Array.from({ length: 3000 }, (_, n) => ({
      key: `tasks/${n}`,
      value: { id: String(n), text: "x".repeat(1000) },
    })),
  ],
};

const backup = async (protector: Protector = { protection: "none" }): Promise<string> => {
  let text = "";
  for await (const line of writeBackup(state, { clusterId: "c", now: 0, protector })) text += line;
  return text;
};

const UNLOCK_KEY = `SWMKEY-1-${Buffer.alloc(32, 7).toString("base64").replace("=", "")}`;

describe("what was put in comes out", () => {
  test.each<[Protector, string]>([
    [{ protection: "none" }, ""],
    [{ protection: "passphrase", passphrase: "correct horse" }, "correct horse"],
    [{ protection: "unlock-key", unlockKey: UNLOCK_KEY }, UNLOCK_KEY],
  ])("protected by $protection", async (protector, secret) => {
    const opened = await readBackup(await backup(protector), secret);
    expect(opened.state).toEqual(state);
    expect(opened.header).toMatchObject({ clusterId: "c", createdAt: "1970-01-01T00:00:00.000Z" });
  });
});

test("nothing of the state can be read in the file", async () => {
  const text = await backup({ protection: "passphrase", passphrase: "correct horse" });
  expect(text).not.toContain("password");
  expect(text).not.toContain(Buffer.from("password").toString("base64").slice(0, 8));
  expect(text.length).toBeLessThan(200_000);
});

test("another secret, or none, opens nothing", async () => {
  const locked = await backup({ protection: "passphrase", passphrase: "correct horse" });
  await expect(readBackup(locked, "wrong")).rejects.toMatchObject({ kind: "unauthorized" });
  await expect(readBackup(locked, "")).rejects.toThrow("is protected by a passphrase: give it");
  const keyed = await backup({ protection: "unlock-key", unlockKey: UNLOCK_KEY });
  await expect(readBackup(keyed, "no key")).rejects.toThrow("invalid key string");
});

describe("what is not whole is refused", () => {
  const damages: readonly (readonly [string, (lines: string[]) => readonly string[], string])[] = [
    ["nothing", () => [], "not a backup of Skein"],
    ["another file", () => ["#!/bin/sh"], "not a backup of Skein"],
    ["another JSON file", () => ["{}"], "not a backup of Skein"],
    ["cut short", (lines) => lines.slice(0, -1), "its end is missing"],
    ["cut within the end", (lines) => [...lines.slice(0, -1), "end:AAAA"], "it is damaged"],
    ["a part is missing", (lines) => lines.toSpliced(1, 1), "parts of it are missing"],
    [
      "parts change places",
      ([head = "", one = "", two = "", ...rest]) => [head, two, one, ...rest],
      "it is damaged",
    ],
    [
      "a byte differs",
      (lines) =>
        lines.map((line, n) =>
          n === 2 ? `${line.slice(0, 99)}${line[99] === "A" ? "B" : "A"}${line.slice(100)}` : line,
        ),
      "it is damaged",
    ],
    [
      "the header says another time",
      ([head = "", ...rest]) => [head.replace("1970", "1971"), ...rest],
      "it is damaged",
    ],
    [
      "a newer format",
      ([head = "", ...rest]) => [head.replace('"version":1', '"version":2'), ...rest],
      "its format 2 is not known to this version",
    ],
  ];
  test.each(damages)("%s", async (_, damage, text) => {
    const lines = (await backup()).trimEnd().split("\n");
    expect(lines.length).toBeGreaterThan(3);
    const damaged = `${damage(lines).join("\n")}\n`;
    await expect(readBackup(damaged, "")).rejects.toThrow(text);
  });
});
