import type { Service, Task, TaskStateName } from "@skein/wire";
import { describe, expect, test } from "vitest";
import { Convergence } from "./convergence.ts";
import { plainDisplay, terminalDisplay } from "./display.ts";
import type { Message } from "./message.ts";

const service = (spec: Partial<Service["Spec"]>, more: Partial<Service> = {}): Service => ({
  ID: "s",
  Version: { Index: 1 },
  CreatedAt: "",
  UpdatedAt: "",
  Endpoint: { Spec: {} },
  Spec: {
    Name: "web",
    Labels: {},
    TaskTemplate: { ForceUpdate: 0 },
    Mode: { Replicated: { Replicas: 2 } },
    ...spec,
  },
  ...more,
});

const task = (slot: number, state: TaskStateName, more: Partial<Task> = {}): Task => ({
  ID: `t${slot}`,
  Version: { Index: 1 },
  CreatedAt: "",
  UpdatedAt: "",
  Labels: {},
  Spec: { ForceUpdate: 0 },
  Slot: slot,
  NodeID: "n1",
  DesiredState: "running",
  Status: { Timestamp: "", State: state, PortStatus: {} },
  ...more,
});

const activeNodes = new Set(["n1", "n2"]);
const texts = (messages: readonly Message[]): readonly string[] =>
  messages.map(({ id, text }) => (id === "" ? text : `${id}: ${text}`));

const look = (
  convergence: Convergence,
  of: Service,
  tasks: readonly Task[],
  now: number,
): readonly string[] => {
  const first = convergence.begin(of, now);
  if (first.finished) return [...texts(first.messages), "END"];
  const second = convergence.observe(of, { tasks, activeNodes }, now);
  return [...texts([...first.messages, ...second.messages]), ...(second.finished ? ["END"] : [])];
};

describe("a replicated service", () => {
  test("converges when its tasks run for the monitoring period", () => {
    const web = service({});
    const convergence = new Convergence("web");
    expect(look(convergence, web, [], 0)).toEqual([
      "overall progress: 0 out of 2 tasks",
      "1/2:  ",
      "2/2:  ",
      "overall progress: 0 out of 2 tasks",
    ]);
    expect(look(convergence, web, [task(7, "preparing"), task(3, "running")], 200)).toEqual([
      "1/2: preparing",
      "2/2: running  ",
      "overall progress: 1 out of 2 tasks",
    ]);
    const running = [task(7, "running"), task(3, "running")];
    expect(look(convergence, web, running, 400)).toEqual([
      "1/2: running  ",
      "2/2: running  ",
      "overall progress: 2 out of 2 tasks",
      "verify: Waiting 5 seconds to verify that tasks are stable...",
    ]);
    expect(look(convergence, web, running, 1600)).toEqual([
      "verify: Waiting 4 seconds to verify that tasks are stable...",
    ]);
    expect(look(convergence, web, running, 5400)).toEqual(["verify: Service web converged", "END"]);
  });

  test("a failure while it is watched starts the watch again", () => {
    const web = service({ Mode: { Replicated: { Replicas: 1 } } });
    const convergence = new Convergence("web");
    look(convergence, web, [task(1, "running")], 0);
    const failed = task(1, "failed", {
      DesiredState: "running",
      Status: { Timestamp: "", State: "failed", Err: "task: non-zero\nexit (1)", PortStatus: {} },
    });
    expect(look(convergence, web, [failed], 1000)).toEqual([
      "1/1: task: non-zero exit (1)",
      "overall progress: 0 out of 1 tasks",
      "verify: Detected task failure",
    ]);
    look(convergence, web, [task(1, "running")], 2000);
    expect(look(convergence, web, [task(1, "running")], 5200)).not.toContain("END");
    expect(look(convergence, web, [task(1, "running")], 7000)).toContain("END");
  });

  test("of two tasks in a slot the one that is wanted least counts, and nodes that are down do not", () => {
    const web = service({ Mode: { Replicated: { Replicas: 1 } } });
    const convergence = new Convergence("web");
    const old = task(1, "running", { DesiredState: "shutdown" });
    const fresh = task(1, "ready", { DesiredState: "ready" });
    expect(look(convergence, web, [old, fresh], 0).at(-1)).toBe(
      "overall progress: 0 out of 1 tasks",
    );
    const lost = task(1, "running", { NodeID: "gone" });
    expect(look(convergence, web, [lost], 1).at(-1)).toBe("overall progress: 0 out of 1 tasks");
  });

  test("more than twenty tasks have no bars of their own", () => {
    const web = service({ Mode: { Replicated: { Replicas: 21 } } });
    expect(look(new Convergence("web"), web, [task(1, "running")], 0)).toEqual([
      "overall progress: 0 out of 21 tasks",
      "overall progress: 1 out of 21 tasks",
    ]);
  });

  test("the monitoring period of the update configuration counts", () => {
    const web = service({
      Mode: { Replicated: { Replicas: 0 } },
      UpdateConfig: { Parallelism: 1, Monitor: 1e9, MaxFailureRatio: 0, Order: "" },
    });
    const convergence = new Convergence("web");
    look(convergence, web, [], 0);
    expect(look(convergence, web, [], 1000)).toContain("verify: Service web converged");
  });
});

describe("the update's own state", () => {
  const withState = (State: NonNullable<Service["UpdateStatus"]>["State"], Message = "why") =>
    service({}, { UpdateStatus: { State: State ?? "updating", Message } });

  test("a pause is an error", () => {
    expect(() => new Convergence("web").begin(withState("paused"), 0)).toThrow(
      "service update paused: why",
    );
    expect(() => new Convergence("web").begin(withState("rollback_paused"), 0)).toThrow(
      "service rollback paused: why",
    );
  });

  test("a completed update that was not followed to its end is the end", () => {
    expect(new Convergence("web").begin(withState("completed"), 0).finished).toBe(true);
  });

  test("a rollback is told, and its end is the last word", () => {
    const convergence = new Convergence("web");
    const started = withState("rollback_started", "update rolled back");
    expect(look(convergence, started, [], 0).slice(0, 2)).toEqual([
      "rollback: update rolled back",
      "overall progress: rolling back update: 0 out of 2 tasks",
    ]);
    const done = withState("rollback_completed", "rollback completed");
    const running = [task(1, "running"), task(2, "running")];
    look(convergence, done, running, 100);
    expect(look(convergence, done, running, 6000)).toEqual([
      "verify: Service web converged",
      "rollback: rollback completed",
      "END",
    ]);
  });
});

describe("other modes", () => {
  test("a global service waits for its tasks, then counts nodes", () => {
    const web = service({ Mode: { Global: {} } });
    const convergence = new Convergence("web");
    expect(look(convergence, web, [], 0)).toEqual(["overall progress: waiting for new tasks"]);
    const tasks = [
      task(0, "running", { NodeID: "n1" }),
      task(0, "starting", { NodeID: "n2", Slot: 0 }),
    ];
    expect(look(convergence, web, tasks, 1)).toEqual([
      "overall progress: 0 out of 2 tasks",
      "n1: running  ",
      "n2: starting ",
      "overall progress: 1 out of 2 tasks",
    ]);
  });

  test("a replicated job counts completions of its present run only", () => {
    const job = service(
      { Mode: { ReplicatedJob: { TotalCompletions: 2, MaxConcurrent: 1 } } },
      { JobStatus: { JobIteration: { Index: 3 }, LastExecution: "" } },
    );
    const run = { JobIteration: { Index: 3 } };
    const convergence = new Convergence("job");
    const first = [task(0, "complete", { JobIteration: { Index: 2 } }), task(0, "running", run)];
    expect(look(convergence, job, first, 0)).toEqual([
      "job progress: 0 out of 2 complete",
      "active tasks: 0 out of 1 tasks",
      "1/2:  ",
      "2/2:  ",
      "1/2: running  ",
      "job progress: 0 out of 2 complete",
      "active tasks: 1 out of 1 tasks",
    ]);
    const second = [task(0, "complete", run), task(1, "complete", run)];
    expect(look(convergence, job, second, 1).slice(-2)).toEqual(["job complete", "END"]);
  });

  test("a global job is followed on the nodes that it began on", () => {
    const job = service(
      { Mode: { GlobalJob: {} } },
      { JobStatus: { JobIteration: {}, LastExecution: "" } },
    );
    const convergence = new Convergence("job");
    const on = (NodeID: string, state: TaskStateName): Task =>
      task(0, state, { NodeID, JobIteration: {} });
    expect(look(convergence, job, [], 0)).toEqual(["job progress: waiting for tasks"]);
    expect(look(convergence, job, [on("n1", "running")], 1)).toContain(
      "job progress: 0 out of 1 complete",
    );
    const later = [on("n1", "complete"), on("n2", "running")];
    expect(look(convergence, job, later, 2).slice(-2)).toEqual(["job complete", "END"]);
  });
});

describe("displays", () => {
  const bar = { current: 9, total: 9 };
  test("a terminal draws over a line and keeps its order", () => {
    const display = terminalDisplay(() => 80);
    expect(display({ id: "a", text: "1" })).toBe("\n\u001b[1A\u001b[2K\ra: 1 \r\u001b[1B");
    expect(display({ id: "b", text: "1" })).toBe("\n\u001b[1A\u001b[2K\rb: 1 \r\u001b[1B");
    expect(display({ id: "a", text: "2", bar })).toBe("\u001b[2A\u001b[2K\ra: 2 \r\u001b[2B");
    expect(display({ id: "", text: "job complete", final: true })).toBe("job complete\n");
    expect(display({ id: "a", text: "1" })).toBe("\n\u001b[1A\u001b[2K\ra: 1 \r\u001b[1B");
  });

  test("bars are drawn on wide terminals", () => {
    const display = terminalDisplay(() => 120);
    expect(display({ id: "a", text: "x", bar: { current: 1, total: 2 } })).toContain(
      `a: x [${"=".repeat(25)}>${" ".repeat(25)}] `,
    );
    expect(display({ id: "n", text: "", bar: { current: 1, total: 2, units: "nodes" } })).toContain(
      "1/2 nodes",
    );
  });

  test("a pipe gets a line for each change, without bars", () => {
    const display = plainDisplay();
    const shown = [
      { id: "overall progress", text: "0 out of 2 tasks" },
      { id: "1/2", text: "running", bar },
      { id: "overall progress", text: "0 out of 2 tasks" },
      { id: "overall progress", text: "2 out of 2 tasks" },
      { id: "", text: "job complete", final: true as const },
    ].map(display);
    expect(shown.join("")).toBe(
      "overall progress: 0 out of 2 tasks\noverall progress: 2 out of 2 tasks\njob complete\n",
    );
  });
});
