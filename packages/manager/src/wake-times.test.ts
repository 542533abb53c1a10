// Goal: the earliest wish is known, and a newer wish of a key replaces the older.
// Method: random wishes against a plain map.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { WakeTimes } from "./wake-times.ts";

const wish = fc.record({
  key: fc.constantFrom("a", "b", "c", "d", "e"),
  time: fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined }),
});

test("behaves as a map from key to time", () => {
  fc.assert(
    fc.property(
      fc.array(wish, { maxLength: 60 }),
      fc.integer({ min: 0, max: 20 }),
      (wishes, now) => {
        const times = new WakeTimes();
        const model = new Map<string, number>();
        for (const { key, time } of wishes) {
          times.set(key, time);
          if (time === undefined) model.delete(key);
          else model.set(key, time);
          expect(times.next()).toBe(model.size === 0 ? undefined : Math.min(...model.values()));
        }
        const due = [...model].filter(([, time]) => time <= now).map(([key]) => key);
        expect([...times.due(now)].toSorted()).toEqual(due.toSorted());
        expect(times.due(now)).toEqual([]);
      },
    ),
  );
});
