import type { Duplex } from "node:stream";

/** Ends `stream` when what was written to it is out, whatever still comes in. */
const finish = (stream: Duplex): void => {
  if (stream.destroyed) return;
  if (stream.writableFinished) stream.destroy();
  else stream.end(() => stream.destroy());
};

/**
 * Carries bytes both ways until both sides are over: nothing is held back, a slow side slows the
 * other one, the end of one direction is passed on by itself. When one side breaks, so does the
 * other. Resolves when both are closed; never rejects.
 */
export const joinStreams = (one: Duplex, other: Duplex): Promise<void> =>
  new Promise((resolve) => {
    let open = 2;
    const couple = (from: Duplex, to: Duplex): void => {
      from.on("error", () => {}); // "close" follows
      from.once("close", () => {
        open -= 1;
        if (open === 0) resolve();
        if (from.readableEnded) finish(to);
        else to.destroy();
      });
    };
    couple(one, other);
    couple(other, one);
    if (one.destroyed || other.destroyed) {
      one.destroy();
      other.destroy();
      resolve();
      return;
    }
    one.pipe(other);
    other.pipe(one);
  });
