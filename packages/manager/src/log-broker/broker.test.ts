// Goal: the output of tasks on several nodes reaches the reader, and what is missing is said.
// Method: the real store and dispatcher; agents are links that answer subscriptions when told.
import { newVirtualClock, seededRandom, silentLogger } from "@skein/base";
import type { VirtualClock } from "@skein/base";
import { PROTOCOL_VERSION } from "@skein/model";
import type { DownMessage, LogSubscription } from "@skein/model";
import { newMemoryDisk, openMemoryLog, Store } from "@skein/store";
import { expect, test } from "vitest";
import { Dispatcher } from "../dispatcher/dispatcher.ts";
import type { TaskLog } from "./broker.ts";
import { LogBroker } from "./broker.ts";

const options = { follow: false, tail: -1, since: 0, stdout: true, stderr: true };

interface Rig {
  readonly store: Store;
  readonly clock: VirtualClock;
  readonly broker: LogBroker;
  /** Opens a node's session; gives the subscriptions that it is asked for. */
  readonly agent: (nodeId: string) => Promise<LogSubscription[]>;
  readonly addTask: (id: string, nodeId?: string) => Promise<unknown>;
}

const rig = async (): Promise<Rig> => {
  const clock = newVirtualClock();
  const log = openMemoryLog(newMemoryDisk());
  const store = await Store.open(log, clock);
  store.lead(await log.campaign("m", new AbortController().signal), {
    plan: () => {},
    reset: () => {},
    failed: () => {},
  });
  const deps = { store, clock, random: seededRandom(1), logger: silentLogger };
  const dispatcher = new Dispatcher({ ...deps, attach: () => [] });
  dispatcher.start(new AbortController().signal);
  const agent = async (nodeId: string): Promise<LogSubscription[]> => {
    await store.transact((tx) =>
      tx.put("nodes", {
        id: nodeId,
        spec: { Labels: {}, Role: "worker", Availability: "active" },
        role: "worker",
        status: { state: "ready", message: "", addr: "" },
      }),
    );
    const asked: LogSubscription[] = [];
    const send = (message: DownMessage): void => {
      if (message.type === "subscribe-logs") asked.push(message.subscription);
    };
    const description = { Platform: {}, Resources: {}, Engine: {}, TLSInfo: {} };
    dispatcher
      .connect({ nodeId, address: "" }, { send, close: () => {} })
      .receive({ type: "hello", protocol: PROTOCOL_VERSION, addr: "", description });
    await clock.settle();
    return asked;
  };
  const addTask = (id: string, nodeId?: string): Promise<unknown> =>
    store.transact((tx) =>
      tx.put("tasks", {
        id,
        serviceId: "svc",
        specVersion: 1,
        slot: 1,
        ...(nodeId === undefined ? {} : { nodeId }),
        desiredState: "running",
        status: { state: nodeId ? "running" : "pending", timestamp: 0, message: "" },
        appliedAt: 0,
      }),
    );
  return { store, clock, broker: new LogBroker(deps, dispatcher), agent, addTask };
};

const line = (taskId: string, text: string) => ({
  taskId,
  stream: "stdout" as const,
  timestamp: "2026-01-01T00:00:00Z",
  attributes: {},
  data: new TextEncoder().encode(text),
});

const collect = (
  lines: AsyncIterable<TaskLog>,
): { readonly seen: string[]; readonly done: Promise<string> } => {
  const seen: string[] = [];
  const read = async (): Promise<string> => {
    for await (const { nodeId, data } of lines)
      seen.push(`${nodeId}:${new TextDecoder().decode(data)}`);
    return "ended";
  };
  return { seen, done: read().catch((error: unknown) => String(error)) };
};

test("lines of all nodes come with their node, and the stream ends with the last of them", async () => {
  const { clock, broker, agent, addTask } = await rig();
  const [one, two] = [await agent("n1"), await agent("n2")];
  await addTask("t1", "n1");
  await addTask("t2", "n2");
  const request = { serviceId: "svc", taskIds: ["t1", "t2"], options };
  const { seen, done } = collect(broker.read(request, new AbortController().signal));
  await clock.settle();
  for (const [nodeId, asked, taskId] of [
    ["n1", one, "t1"],
    ["n2", two, "t2"],
  ] as const) {
    expect(asked.map(({ taskIds }) => taskIds)).toEqual([[taskId]]);
    const publication = broker.publish(nodeId, asked[0]?.id ?? "");
    publication?.receive({ type: "log", messages: [line(taskId, "hello")] });
    publication?.receive({ type: "end" });
  }
  expect(await done).toBe("ended");
  expect(seen.toSorted()).toEqual(["n1:hello", "n2:hello"]);
});

test("what could not be read is said after the lines that could", async () => {
  const { clock, broker, agent, addTask } = await rig();
  const asked = await agent("n1");
  await addTask("t1", "n1");
  await addTask("t2", "away");
  await addTask("t3");
  const request = { serviceId: "svc", taskIds: ["t1", "t2", "t3"], options };
  const { seen, done } = collect(broker.read(request, new AbortController().signal));
  await clock.settle();
  const publication = broker.publish("n1", asked[0]?.id ?? "");
  publication?.receive({ type: "log", messages: [line("t1", "hello")] });
  publication?.receive({ type: "end" });
  await clock.advance(3000);
  const text = await done;
  expect(seen).toEqual(["n1:hello"]);
  expect(text).toContain("warning: incomplete log stream");
  expect(text).toContain("task t3 has not been scheduled");
  expect(text).toContain("node away is not available");
});

test("following takes up tasks that come later, and ends when the reader goes", async () => {
  const { clock, broker, agent, addTask } = await rig();
  const asked = await agent("n1");
  await addTask("t1", "n1");
  const stop = new AbortController();
  const request = { serviceId: "svc", taskIds: ["t1"], options: { ...options, follow: true } };
  const { seen, done } = collect(broker.read(request, stop.signal));
  await clock.settle();
  await addTask("t2", "n1");
  await clock.settle();
  expect(asked.map(({ taskIds }) => taskIds)).toEqual([["t1"], ["t2"]]);
  broker
    .publish("n1", asked[1]?.id ?? "")
    ?.receive({ type: "log", messages: [line("t2", "later")] });
  await clock.settle();
  expect(seen).toEqual(["n1:later"]);
  stop.abort(new Error("the reader went"));
  expect(await done).toBe("ended");
  expect(broker.publish("n1", asked[0]?.id ?? "")).toBeUndefined();
});

test("a node can't publish for another node's subscription", async () => {
  const { clock, broker, agent, addTask } = await rig();
  const asked = await agent("n1");
  await addTask("t1", "n1");
  const stop = new AbortController();
  const { done } = collect(broker.read({ taskIds: ["t1"], options }, stop.signal));
  await clock.settle();
  expect(broker.publish("n2", asked[0]?.id ?? "")).toBeUndefined();
  stop.abort(new Error("enough"));
  await done;
});
