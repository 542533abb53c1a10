import { expect, test } from "vitest";
import { newLogger } from "./logger.ts";
import type { LoggerOptions } from "./logger.ts";

const collect = (
  options: Pick<LoggerOptions, "level" | "format">,
): { readonly lines: string[]; readonly log: ReturnType<typeof newLogger> } => {
  const lines: string[] = [];
  return { lines, log: newLogger({ ...options, write: (line) => void lines.push(line) }) };
};

test("a JSON line holds level, time, message and the facts of all its parents", () => {
  const { lines, log } = collect({ level: "info", format: "json" });
  log.child({ nodeId: "n1" }).warn("node is suspect", { sinceMs: 20 });
  const line: unknown = JSON.parse(lines[0] ?? "");
  expect(line).toEqual({
    level: "warn",
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    nodeId: "n1",
    sinceMs: 20,
    msg: "node is suspect",
  });
  expect(lines[0]?.endsWith("\n")).toBe(true);
});

test("lines below the level are dropped", () => {
  const { lines, log } = collect({ level: "warn", format: "json" });
  log.debug("a");
  log.info("b");
  log.warn("c");
  log.error("d");
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(["c", "d"]);
});

test("an error among the facts shows its message and stack", () => {
  const { lines, log } = collect({ level: "info", format: "json" });
  log.error("it broke", { error: new Error("why") });
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ error: { message: "why", type: "Error" } });
});

test("lines for people are one line each, with quotes only where needed", () => {
  const { lines, log } = collect({ level: "info", format: "pretty" });
  log.info("task assigned", { taskId: "t1", why: "two words", tries: 2 });
  // oxlint-disable-next-line no-control-regex
  expect(lines[0]?.replaceAll(/\u001b\[\d+m/g, "")).toMatch(
    /^\d\d:\d\d:\d\d\.\d{3} info {2}task assigned taskId=t1 why="two words" tries=2\n$/,
  );
});
