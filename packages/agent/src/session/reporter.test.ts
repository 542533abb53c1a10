import { newVirtualClock } from "@skein/base";
import type { VirtualClock } from "@skein/base";
import type { TaskState, TaskStatus, UpMessage } from "@skein/model";
import { expect, test } from "vitest";
import { Reporter } from "./reporter.ts";

type Statuses = Extract<UpMessage, { type: "statuses" }>;

const status = (state: TaskState): TaskStatus => ({ state, timestamp: 0, message: state });

const rig = (): { clock: VirtualClock; sent: Statuses[]; reporter: Reporter } => {
  const clock = newVirtualClock();
  const sent: Statuses[] = [];
  const { signal } = new AbortController();
  return { clock, sent, reporter: new Reporter(clock, (message) => sent.push(message), signal) };
};

test("the first status goes out at once, those that follow are gathered", async () => {
  const { clock, sent, reporter } = rig();
  reporter.report("a", status("accepted"));
  await clock.settle();
  expect(sent).toHaveLength(1);
  reporter.report("a", status("preparing"));
  reporter.report("b", status("accepted"));
  reporter.report("a", status("ready"));
  await clock.advance(99);
  expect(sent).toHaveLength(1);
  await clock.advance(1);
  expect(sent[1]).toEqual({
    type: "statuses",
    sequence: 2,
    statuses: [
      { taskId: "b", status: status("accepted") },
      { taskId: "a", status: status("ready") },
    ],
  });
});

test("a status is pending until its message is acknowledged, a newer one until its own is", async () => {
  const { clock, reporter } = rig();
  reporter.report("a", status("accepted"));
  await clock.settle();
  expect(reporter.pending).toBe(1);
  reporter.report("a", status("running"));
  reporter.acknowledge(1);
  expect(reporter.pending).toBe(1);
  await clock.advance(100);
  reporter.acknowledge(1);
  expect(reporter.pending).toBe(1);
  reporter.acknowledge(2);
  expect(reporter.pending).toBe(0);
});

test("a flood goes out in messages of bounded size", async () => {
  const { clock, sent, reporter } = rig();
  for (let n = 0; n < 2500; n += 1) reporter.report(`t${n}`, status("running"));
  await clock.settle();
  expect(sent.map(({ statuses }) => statuses.length)).toEqual([1000, 1000, 500]);
});
