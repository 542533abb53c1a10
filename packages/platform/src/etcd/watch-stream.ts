import type { Channels } from "./channels.ts";
import { EtcdError, etcdError } from "./etcd-error.ts";
import * as methods from "./methods.ts";
import type { WireEvent } from "./wire-types.ts";

/** What is watched: the keys from `key` to before `rangeEnd`. */
export interface WatchRange {
  readonly key: Buffer;
  readonly rangeEnd?: Buffer;
}

/** What a watch tells. */
export interface WatchListener {
  /** Everything that one or more whole revisions changed, in order. */
  events(events: readonly WireEvent[]): void;
  /** Nothing up to this revision is missing. */
  progress(revision: number): void;
}

/** Why one stream of a watch is over. */
export type WatchEnd =
  | { readonly kind: "aborted" }
  /** The revisions before this one are gone. */
  | { readonly kind: "compacted"; readonly revision: number }
  | { readonly kind: "failed"; readonly error: Error };

/** How often a quiet watch asks for a sign of life, in milliseconds ... */
const PROGRESS_MS = 2_000;
/** ... and how long it waits for any message before it counts as dead. */
const SILENCE_MS = 6_000;

interface Watching {
  readonly range: WatchRange;
  readonly startRevision: number;
  readonly listener: WatchListener;
  readonly signal: AbortSignal;
}

/**
 * Watches from `startRevision` on over one stream, until that stream ends; resolves with the reason
 * and never rejects. A stream without signs of life counts as ended.
 */
export const watchOnce = async (channels: Channels, watching: Watching): Promise<WatchEnd> => {
  try {
    return await watchStream(channels, watching);
  } catch (error) {
    return { kind: "failed", error: watchError(error) }; // the client was closed
  }
};

const watchStream = (channels: Channels, watching: Watching): Promise<WatchEnd> =>
  new Promise((resolve) => {
    const { listener, signal } = watching;
    if (signal.aborted) {
      resolve({ kind: "aborted" });
      return;
    }
    const stream = channels.duplex(methods.watch);
    let heard = performance.now();
    let pieces: WireEvent[] = [];
    const end = (reason: WatchEnd): void => {
      clearInterval(timer);
      signal.removeEventListener("abort", onAbort);
      if (reason.kind === "failed") channels.rotate();
      stream.cancel();
      resolve(reason);
    };
    const onAbort = (): void => end({ kind: "aborted" });
    const timer = setInterval(() => {
      if (performance.now() - heard > SILENCE_MS)
        end({ kind: "failed", error: new Error("the watch gives no sign of life") });
      else stream.write({ progress: {} });
    }, PROGRESS_MS);
    signal.addEventListener("abort", onAbort, { once: true });
    stream.on("error", (error: unknown) => end({ kind: "failed", error: watchError(error) }));
    stream.on("end", () => end({ kind: "failed", error: new Error("the watch was closed") }));
    stream.on("data", (message) => {
      if (signal.aborted) return;
      heard = performance.now();
      if (message.canceled) {
        const revision = Number(message.compactRevision);
        if (revision > 0) end({ kind: "compacted", revision });
        else end({ kind: "failed", error: new Error(message.cancelReason) });
        return;
      }
      pieces.push(...message.events);
      if (message.fragment) return;
      const events = pieces;
      pieces = [];
      if (events.length > 0) listener.events(events);
      else if (!message.created) listener.progress(Number(message.header?.revision ?? 0));
    });
    stream.write({
      create: { ...watching.range, startRevision: watching.startRevision, fragment: true },
    });
  });

const watchError = (error: unknown): EtcdError =>
  error instanceof EtcdError ? error : etcdError(error, methods.watch.path);
