import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadImage } from "./load-image.ts";
import { hostNamed, planPlayground } from "./plan.ts";

const dir = mkdtempSync(join(tmpdir(), "skein-load-"));
const archive = join(dir, "image.tar");
const plan = planPlayground(
  {
    name: "a",
    managers: 1,
    workers: 0,
    engines: [],
    daemon: "none",
    join: false,
    engineLabels: [],
  },
  dir,
  0,
);
const target = { ...hostNamed(plan, "manager1"), engineSocket: join(dir, "engine.sock") };

/** An engine that takes archives: it answers with the size of what it got, or refuses "bad". */
const engine = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const text = Buffer.concat(chunks).toString();
    const line =
      text === "bad" ? { error: "not an archive" } : { stream: `${request.url} ${text}\n` };
    response.end(`${JSON.stringify(line)}\n`);
  });
});

beforeAll(() => new Promise<void>((done) => void engine.listen(target.engineSocket, () => done())));
afterAll(() => {
  engine.close();
  rmSync(dir, { recursive: true });
});

test("the archive reaches the engine, and its answer the user", async () => {
  writeFileSync(archive, "layers");
  expect(await loadImage(target, archive)).toBe("/images/load?quiet=1 layers");
});

test("an error at the end of the answer is an error", async () => {
  writeFileSync(archive, "bad");
  await expect(loadImage(target, archive)).rejects.toThrow("manager1 refuses");
});

test("a file that is not there is named", async () => {
  await expect(loadImage(target, join(dir, "no.tar"))).rejects.toThrow("no.tar");
});
