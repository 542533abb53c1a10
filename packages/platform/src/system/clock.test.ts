import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "./clock.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("sleeps as long as asked, also beyond the longest timer of Node", async () => {
  const days30 = 30 * 24 * 3_600_000;
  const sleeping = systemClock.sleep(days30);
  await vi.advanceTimersByTimeAsync(days30 - 1);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  await sleeping;
  expect(vi.getTimerCount()).toBe(0);
});

test("zero and negative times resolve in a later turn", async () => {
  const sleeping = Promise.all([systemClock.sleep(0), systemClock.sleep(-5)]);
  expect(vi.getTimerCount()).toBe(2);
  await vi.advanceTimersByTimeAsync(1);
  await sleeping;
});

test("an abort rejects with its reason and leaves no timer", async () => {
  const controller = new AbortController();
  const reason = new Error("shutting down");
  const sleeping = systemClock.sleep(1_000, controller.signal);
  controller.abort(reason);
  await expect(sleeping).rejects.toBe(reason);
  expect(vi.getTimerCount()).toBe(0);
  await expect(systemClock.sleep(1_000, controller.signal)).rejects.toBe(reason);
  expect(vi.getTimerCount()).toBe(0);
});

test("a sleep that ends removes its listener from the signal", async () => {
  const { signal } = new AbortController();
  const removed = vi.spyOn(signal, "removeEventListener");
  const sleeping = systemClock.sleep(5, signal);
  await vi.advanceTimersByTimeAsync(5);
  await sleeping;
  expect(removed).toHaveBeenCalledTimes(1);
});
