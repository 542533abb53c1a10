import { setTimeout } from "node:timers/promises";
import type { Clock } from "@skein/base";

/** The real time. */
export const wallClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    await setTimeout(Math.max(0, ms), undefined, signal ? { signal } : {});
  },
};
