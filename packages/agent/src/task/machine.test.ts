import { expect, test } from "vitest";
import { array, assert, constant, constantFrom, oneof, property, tuple } from "fast-check";
import type { Arbitrary } from "fast-check";
import { compareStates, isTerminal } from "@skein/model";
import type { TaskState, TaskStatus } from "@skein/model";
import type { Outcome } from "./machine.ts";
import { advance, endOutcome, exitError, nextStep } from "./machine.ts";

const states: readonly TaskState[] = [
  "new",
  "pending",
  "assigned",
  "accepted",
  "preparing",
  "ready",
  "starting",
  "running",
  "complete",
  "shutdown",
  "failed",
  "rejected",
  "remove",
  "orphaned",
];

const at = (state: TaskState): TaskStatus => ({ state, timestamp: 1, message: "assigned" });

/** Repeats steps, all successful, until the task rests; the states it went through. */
const climb = (from: TaskState, desired: TaskState): string[] => {
  let status = at(from);
  const path: string[] = [];
  for (;;) {
    const step = nextStep(status.state, desired);
    if (step === "rest") return path;
    status = advance(status, step, { kind: "done" }, 2);
    path.push(status.message);
  }
};

test("a task that is to run goes through every state, and says so in Docker's words", () => {
  expect(climb("assigned", "running")).toEqual([
    "accepted",
    "preparing",
    "prepared",
    "starting",
    "started",
    "finished",
  ]);
});

test("a task that is to be ready stops there and goes on when it is to run", () => {
  expect(climb("assigned", "ready")).toEqual(["accepted", "preparing", "prepared"]);
  expect(climb("ready", "complete")).toEqual(["starting", "started", "finished"]);
});

test("a task that is to stop is shut down whatever state it was in, once", () => {
  for (const state of states) {
    const live = compareStates(state, "complete") < 0;
    for (const desired of ["shutdown", "remove"] as const)
      expect(climb(state, desired)).toEqual(live ? ["shutdown"] : []);
  }
});

test("a failure before the start rejects the task, a later one fails it; the message stays", () => {
  const preparing = advance(at("accepted"), "begin-preparing", { kind: "done" }, 2);
  const rejected = advance(
    preparing,
    "prepare",
    { kind: "failed", err: "No such image: x", container: { id: "" } },
    3,
  );
  expect(rejected).toEqual({
    state: "rejected",
    timestamp: 3,
    message: "preparing",
    err: "No such image: x",
    container: { id: "" },
  });
  const running = advance(at("starting"), "start", { kind: "done", container: { id: "c" } }, 2);
  const failed = advance(running, "wait", endOutcome({ id: "c", exitCode: 3 }, false), 4);
  expect(failed).toMatchObject({
    state: "failed",
    message: "started",
    err: "task: non-zero exit (3)",
    container: { id: "c", exitCode: 3 },
  });
});

test("an unhealthy container has failed, also when it exits with 0", () => {
  expect(endOutcome({ id: "c", exitCode: 137 }, true)).toMatchObject({
    err: "task: non-zero exit (137): dockerexec: unhealthy container",
  });
  const zero = endOutcome({ id: "c", exitCode: 0 }, true);
  expect(advance(at("running"), "wait", zero, 2)).toMatchObject({
    state: "failed",
    err: "dockerexec: unhealthy container",
  });
  expect(exitError(1)).toBe("task: non-zero exit (1)");
});

test("whatever happens, the state never moves back, and an ended task stays as it is", () => {
  const outcome: Arbitrary<Outcome> = oneof(
    constant<Outcome>({ kind: "done" }),
    constant<Outcome>({ kind: "failed", err: "boom" }),
  );
  const script = array(tuple(constantFrom(...states), outcome), { maxLength: 30 });
  assert(
    property(script, (moves) => {
      let status = at("assigned");
      for (const [desired, result] of moves) {
        const step = nextStep(status.state, desired);
        expect(isTerminal(status.state) && step !== "rest").toBe(false);
        if (step === "rest") continue;
        const next = advance(status, step, result, 5);
        expect(compareStates(next.state, status.state)).toBeGreaterThan(0);
        status = next;
      }
    }),
  );
});
