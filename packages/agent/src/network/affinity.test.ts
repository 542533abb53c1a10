import * as fc from "fast-check";
import { expect, test } from "vitest";
import { affinitySlots } from "./affinity.ts";

const backends = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `10.0.${index >> 8}.${index & 255}`);

test.each([1, 3, 16, 100])("%i backends have about the same number of slots", (count) => {
  const slots = affinitySlots(backends(count));
  const share = slots.length / count;
  for (const backend of backends(count)) {
    const own = slots.filter((slot) => slot === backend).length;
    expect(own).toBeGreaterThan(share * 0.3);
    expect(own).toBeLessThanOrEqual(Math.max(share * 2, 1));
  }
});

test("when a backend goes, only its slots change hands; the order of backends does not matter", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.ipV4(), { minLength: 2, maxLength: 12 }),
      fc.nat(),
      (addresses, at) => {
        const gone = addresses[at % addresses.length] ?? "";
        const before = affinitySlots(addresses);
        const after = affinitySlots(addresses.filter((one) => one !== gone));
        expect(affinitySlots(addresses.toReversed())).toEqual(before);
        for (const [slot, backend] of before.entries())
          expect([gone, after[slot]]).toContain(backend);
      },
    ),
    { numRuns: 30 },
  );
});
