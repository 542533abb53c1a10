import type { LogUpMessage } from "@skein/model";
import { expect, test } from "vitest";
import { LOG_BATCH_LINES } from "../limits.ts";
import type { LogStream } from "../ports.ts";
import { LineSender } from "./line-sender.ts";

const line = (text: string): Parameters<LineSender["add"]>[0] => ({
  taskId: "t",
  stream: "stdout",
  timestamp: "",
  attributes: {},
  data: new TextEncoder().encode(text),
});

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5000; turn += 1) await Promise.resolve();
};

/** A stream that takes one message each time that `next` is called. */
const slowStream = (): { stream: LogStream; sizes: number[]; next: () => Promise<void> } => {
  const waiting: (() => void)[] = [];
  const sizes: number[] = [];
  const send = async (message: LogUpMessage): Promise<void> => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    sizes.push(message.type === "log" ? message.messages.length : 0);
  };
  const next = async (): Promise<void> => {
    waiting.shift()?.();
    await settle();
  };
  return { stream: { send, closed: new AbortController().signal, close: () => {} }, sizes, next };
};

test("a lone line goes out at once; those that come meanwhile go together", async () => {
  const { signal } = new AbortController();
  const { stream, sizes, next } = slowStream();
  const sender = new LineSender(stream, signal);
  const running = sender.run();
  await sender.add(line("a"));
  await settle();
  for (const text of ["b", "c", "d"]) await sender.add(line(text));
  sender.finish();
  await next();
  await next();
  await running;
  expect(sizes).toEqual([1, 3]);
});

test("whoever adds faster than the stream takes has to wait", async () => {
  const { signal } = new AbortController();
  const { stream, next } = slowStream();
  const sender = new LineSender(stream, signal);
  void sender.run();
  let added = 0;
  const flood = (async (): Promise<void> => {
    for (; added < 3 * LOG_BATCH_LINES; added += 1) await sender.add(line("x"));
    sender.finish();
  })();
  await next();
  expect(added).toBeLessThan(2 * LOG_BATCH_LINES + 2);
  for (let turn = 0; turn < 10; turn += 1) await next();
  await flood;
  expect(added).toBe(3 * LOG_BATCH_LINES);
});
