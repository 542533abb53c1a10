import { mkdtempSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { claimDirectory } from "./claimed-directory.ts";

const newPath = (): string => join(mkdtempSync(join(tmpdir(), "skein-claim-")), "a", "data");
const claim = (path: string) => claimDirectory({ path, purpose: "data directory", mode: 0o700 });

test("one at a time; free again when released", () => {
  const path = newPath();
  const first = claim(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(() => claim(path)).toThrow(
    `the data directory "${path}" is in use by another daemon (process ${process.pid})`,
  );
  first.release();
  claim(path).release();
});

test("what can't be a directory is named", () => {
  const path = newPath();
  claim(path).release();
  const file = join(path, "file");
  writeFileSync(file, "");
  expect(() => claim(file)).toThrow(`the data directory "${file}" can't be used`);
});
