import { OperationError } from "@skein/base";
import type { Process } from "../process.ts";
import type { World } from "../world.ts";
import type { Network } from "./network.ts";
import { PATIENCE_MS } from "./network.ts";

/** A program on a machine that calls, or is called. */
export interface Party {
  readonly name: string;
  readonly process: Process;
}

/** How long a call may take, in ms. */
const CALL_LIMIT_MS = 15_000;
const LOOK_MS = 500;

const broke = (): OperationError =>
  new OperationError("unavailable", "the connection to the leader broke: it may have been done");

/**
 * A call from one manager to another over the network. When the connection breaks, nobody knows
 * whether it was done: kind `unavailable`. Other errors are the called manager's.
 */
export const call = <T>(
  { world, network }: { readonly world: World; readonly network: Network },
  from: Party,
  to: Party,
  run: () => Promise<T>,
): Promise<T> =>
  new Promise((resolve, reject) => {
    const there = network.line(from.name, to.name);
    const back = network.line(to.name, from.name);
    const started = world.now;
    let stalled = 0;
    let over = false;
    const answer = (settle: () => void): void => {
      if (back.blocked) to.process.after(LOOK_MS, () => answer(settle));
      else to.process.after(back.latency, () => from.process.after(0, settle));
    };
    const carryOut = (): void => {
      if (over) return;
      if (there.blocked) {
        from.process.after(LOOK_MS, carryOut);
        return;
      }
      to.process.after(0, () => {
        run().then(
          (value) => answer(() => resolve(value)),
          (error: Error) => answer(() => reject(error)),
        );
      });
    };
    const watch = (): void => {
      stalled = there.blocked || back.blocked ? stalled + LOOK_MS : 0;
      over = !to.process.alive || stalled > PATIENCE_MS || world.now - started > CALL_LIMIT_MS;
      if (over) reject(broke());
      else from.process.after(LOOK_MS, watch);
    };
    from.process.after(there.latency, carryOut);
    from.process.after(LOOK_MS, watch);
  });
