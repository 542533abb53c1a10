import { constants } from "node:http2";
import type {
  Http2Session,
  Http2Stream,
  IncomingHttpHeaders,
  IncomingHttpStatusHeader,
} from "node:http2";
import { OperationError } from "@skein/base";
import { encode, endFrame, failureFrame, newFrameDecoder } from "./frames.ts";
import type { EncodedMessage, Frame } from "./frames.ts";
import { fromWireError } from "./wire-error.ts";

/** Messages that wait for their reader before the sender is slowed down. */
const QUEUED_MESSAGES_MAX = 64;

/**
 * One end of a two-way stream of messages. Iterate it to receive: the loop ends when the other
 * side ends its direction, and throws the error when it fails or when the connection is lost
 * (kind `unavailable`). Leaving the loop early cancels the stream.
 */
export interface RpcStream extends AsyncIterable<unknown> {
  /**
   * Sends one message. Resolves when more may be sent (the other side keeps up), not when it has
   * arrived. Rejects once the stream is over.
   */
  send(message: unknown): Promise<void>;
  /** Sends bytes that were encoded once for many streams. */
  sendEncoded(message: EncodedMessage): Promise<void>;
  /** The next message; undefined when the other side has ended. For those who do not iterate. */
  next(): Promise<unknown>;
  /** Ends our direction. What the other side still sends can be received. */
  end(): void;
  /** Ends our direction with an error for the other side. */
  fail(error: unknown): void;
  /** Gives the whole stream up at once, what was sent and has not gone out included. */
  cancel(): void;
  /** Ends our direction if that has not happened, and drops whatever still arrives. */
  release(): void;
  /** Aborted as soon as the stream is over: both directions ended, cancelled, connection lost. */
  readonly signal: AbortSignal;
}

const nothing = (): void => {};

const lost = (): OperationError => new OperationError("unavailable", "the connection was lost");

/** Why a stream closed before the other side had ended it. */
const cutReason = (rstCode: number, session: Http2Session | undefined): OperationError =>
  rstCode === constants.NGHTTP2_CANCEL && session?.destroyed === false
    ? new OperationError("cancelled", "the other side gave the stream up")
    : lost();

const stranger = (headers: IncomingHttpHeaders & IncomingHttpStatusHeader): OperationError =>
  new OperationError(
    "forbidden",
    `what answers there is no manager of Skein (HTTP status ${headers[":status"]}, ${headers["content-type"] ?? "no content type"})`,
  );

/** Wraps an HTTP/2 stream. Messages of more than `messageBytesMax` cancel it. */
export const newRpcStream = (http2: Http2Stream, messageBytesMax: number): RpcStream => {
  const decoder = newFrameDecoder(messageBytesMax);
  const over = new AbortController();
  // A stream that has closed no longer knows its session.
  const { session } = http2;
  const queue: unknown[] = [];
  let isLocalOver = false;
  /** How the other side's direction ended; undefined while it has not. */
  let ending: { readonly error: Error | undefined } | undefined;
  let isReleased = false;
  let wakeReader = nothing;

  const cancel = (): void => {
    isLocalOver = true;
    http2.close(constants.NGHTTP2_CANCEL);
  };

  const receive = (frame: Frame): void => {
    if (ending !== undefined) return;
    if (frame.kind !== "message")
      ending = { error: frame.kind === "end" ? undefined : fromWireError(frame.error) };
    else if (!isReleased) queue.push(frame.message);
  };

  http2.on("data", (chunk: Buffer) => {
    try {
      for (const frame of decoder.push(chunk)) receive(frame);
    } catch (error) {
      ending ??= { error: error instanceof Error ? error : lost() };
      cancel();
    }
    if (queue.length >= QUEUED_MESSAGES_MAX) http2.pause();
    wakeReader();
  });
  http2.on("error", () => {
    // "close" follows; what matters is whether the other side had ended before.
  });
  // On the side that calls: what answers may speak HTTP/2, and be no Skein.
  http2.once("response", (headers: IncomingHttpHeaders & IncomingHttpStatusHeader) => {
    const isOurs =
      headers[":status"] === constants.HTTP_STATUS_OK && headers["content-type"] === undefined;
    if (isOurs) return;
    ending ??= { error: stranger(headers) };
    cancel();
    wakeReader();
  });
  http2.once("close", () => {
    ending ??= { error: cutReason(http2.rstCode, session) };
    isLocalOver = true;
    over.abort(ending.error ?? new OperationError("cancelled", "the stream is over"));
    wakeReader();
  });

  const next = async (): Promise<unknown> => {
    while (queue.length === 0) {
      if (ending !== undefined) {
        if (ending.error !== undefined) throw ending.error;
        return undefined;
      }
      await new Promise<void>((resolve) => {
        wakeReader = resolve;
      });
    }
    const message = queue.shift();
    if (queue.length === 0) http2.resume();
    return message;
  };

  const write = async (frame: Buffer): Promise<void> => {
    if (isLocalOver) throw over.signal.aborted ? over.signal.reason : lost();
    if (http2.write(frame)) return;
    await new Promise<void>((resolve, reject) => {
      const onDrain = (): void => {
        over.signal.removeEventListener("abort", onOver);
        resolve();
      };
      const onOver = (): void => {
        http2.off("drain", onDrain);
        reject(over.signal.reason);
      };
      http2.once("drain", onDrain);
      over.signal.addEventListener("abort", onOver, { once: true });
    });
  };

  const finish = (frame: Buffer): void => {
    if (isLocalOver) return;
    isLocalOver = true;
    http2.end(frame);
  };

  const release = (): void => {
    finish(endFrame);
    isReleased = true;
    queue.length = 0;
    http2.resume();
    // Waits until what was sent has gone out.
    http2.close(constants.NGHTTP2_NO_ERROR);
  };

  async function* iterate(): AsyncGenerator {
    try {
      for (;;) {
        const message = await next();
        if (message === undefined) return;
        yield message;
      }
    } finally {
      if (ending === undefined) cancel();
    }
  }

  return {
    send: (message) => write(encode(message).frame),
    sendEncoded: ({ frame }) => write(frame),
    next,
    end: () => finish(endFrame),
    fail: (error) => finish(failureFrame(error)),
    cancel,
    release,
    signal: over.signal,
    [Symbol.asyncIterator]: iterate,
  };
};
