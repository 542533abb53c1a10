/** The leader is hit again and again while clients work at every manager: nothing is lost, nothing is stale. */
import { expect, test } from "vitest";
import { playChaos } from "./chaos/chaos.ts";
import { withPlayground } from "./support/playground.ts";

const cluster = withPlayground("chaos", ["--managers", "3", "--workers", "1"]);

/** More rounds take `npm run chaos`. */
const LIMIT_MS = 240_000;

test(
  "the leader is killed, frozen, cut off and loses power under load",
  { timeout: 480_000 },
  async () => {
    const lines: string[] = [];
    const { rounds, history, problems } = await playChaos({
      playground: cluster,
      faults: ["process", "cut", "freeze", "host", "process", "freeze"],
      limitMs: LIMIT_MS,
      seed: 1,
      onRound: (round) => lines.push(JSON.stringify(round)),
    });
    expect(problems, lines.join("\n")).toEqual([]);
    expect(rounds.length, "rounds that were played").toBeGreaterThanOrEqual(4);
    const done = history.filter(({ op, result }) => op !== "read" && result.kind === "ok");
    expect(done.length, "acknowledged writes").toBeGreaterThan(100);
  },
);
