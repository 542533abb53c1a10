import * as fc from "fast-check";
import { expect, test } from "vitest";
import { EventHeap } from "./event-heap.ts";

test("events come out by time, and at one time in the order of their sequence", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 20 })), (times) => {
      const heap = new EventHeap();
      for (const [sequence, at] of times.entries()) heap.push({ at, sequence, run: () => {} });
      const order = times
        .map((at, sequence) => [at, sequence] as const)
        .toSorted(([a, i], [b, j]) => a - b || i - j);
      const popped = order.map(() => heap.pop()).map((event) => [event?.at, event?.sequence]);
      expect(popped).toEqual(order.map(([at, sequence]) => [at, sequence]));
      expect(heap.pop()).toBeUndefined();
    }),
  );
});
