/** Whatever was told before, in whatever pieces: the plan, and what is done to the kernel, are those of the tables. */
import { isDeepStrictEqual } from "node:util";
import type { NetworkNews, NetworkTables } from "@skein/model";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { LiveTables } from "./tables/live-tables.ts";
import { copyState, mergeChanges } from "./apply-changes.ts";
import type { KernelChanges } from "./changes.ts";
import { diffKernel, diffTouched } from "./diff.ts";
import type { KernelState } from "./kernel-state.ts";
import { emptyKernelState } from "./kernel-state.ts";
import { planDataplane } from "./plan.ts";
import { Planner } from "./planner.ts";
import { anyTables } from "./testing/arbitraries.ts";
import { newsBetween } from "./testing/news.ts";
import { ableNode1 } from "./testing/tables.ts";

const order = (list: readonly string[]): readonly string[] => [...new Set(list)].toSorted();

/** A node that hears the news one after the other, and notes what it would do to its kernel. */
class Follower {
  readonly #tables = new LiveTables(ableNode1.nodeId);
  readonly #planner = new Planner();
  readonly kernel: KernelState = emptyKernelState();

  /** Takes up a message. Returns whose connections it would cut, found by the changes alone and by all there is. */
  hear(
    news: NetworkNews,
    keys: NetworkTables["keys"],
  ): readonly [KernelChanges["cut"], KernelChanges["cut"]] {
    const touched = [...this.#tables.setKeys(keys), ...this.#tables.apply(news)];
    this.#planner.update(
      { tables: this.#tables, usable: [...this.#tables.networks.values()], facts: ableNode1 },
      touched,
    );
    const part = this.#planner.take();
    const whole = diffKernel(this.kernel, this.#planner.state);
    const changes = (part && diffTouched(this.kernel, this.#planner.state, part)) ?? whole;
    mergeChanges(this.kernel, changes);
    return [changes.cut, whole.cut];
  }
}

const withoutSettings = (state: KernelState): object => ({ ...copyState(state), sysctls: null });

/** The networks and what is on them, but each network is as it was. */
const withHeadsOf = (before: NetworkTables, drawn: NetworkTables): NetworkTables => ({
  ...drawn,
  networks: drawn.networks.map((network) => {
    const was = before.networks.find(({ id }) => id === network.id) ?? network;
    const { peers, endpoints, services } = network;
    return { ...was, peers, endpoints, services };
  }),
});

test("a node that follows the changes has what a node has that is told all at once", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyTables, fc.boolean(), fc.nat(4)), { minLength: 2, maxLength: 6 }),
      (steps) => {
        const follower = new Follower();
        let before: NetworkTables | undefined;
        for (const [version, [drawn, isWhole, other]] of steps.entries()) {
          const tables = before && other > 0 ? withHeadsOf(before, drawn) : drawn;
          const news = newsBetween(isWhole ? undefined : before, tables, version + 1);
          const [cut, expected] = follower.hear(news, tables.keys);
          expect(order(cut.gone)).toEqual(order(expected.gone));
          expect(order(cut.idle)).toEqual(order(expected.idle));
          before = tables;
          const { state } = planDataplane(tables, ableNode1);
          expect(isDeepStrictEqual(withoutSettings(follower.kernel), withoutSettings(state))).toBe(
            true,
          );
        }
      },
    ),
    { numRuns: 60 },
  );
}, 30_000);
