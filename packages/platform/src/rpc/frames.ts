import { OperationError } from "@skein/base";
import { decodeMessage, encodeMessage } from "./messages.ts";
import { toWireError } from "./wire-error.ts";

/*
 * What goes over a stream, in each direction: frames of
 *
 *   type (1 byte) | length of the body (4 bytes, most significant first) | body
 *
 * A direction ends with one `end` or one `failure`. A stream that closes without has been cut.
 */

/** What a frame carries. */
const frameType = { message: 0, end: 1, failure: 2 } as const;
const HEADER_BYTES = 5;

/** A frame that arrived; the body of a message is decoded already. */
export type Frame =
  | { readonly kind: "message"; readonly message: unknown }
  | { readonly kind: "end" }
  | { readonly kind: "failure"; readonly error: unknown };

/** A message ready for any number of streams. */
export interface EncodedMessage {
  readonly frame: Buffer;
}

const toFrame = (type: number, body: Uint8Array): Buffer => {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + body.length);
  frame.writeUInt8(type, 0);
  frame.writeUInt32BE(body.length, 1);
  frame.set(body, HEADER_BYTES);
  return frame;
};

/** Encodes a message once, for sending the same bytes to many nodes. */
export const encode = (message: unknown): EncodedMessage => ({
  frame: toFrame(frameType.message, encodeMessage(message)),
});

/** Ends a direction: nothing more will be sent. */
export const endFrame: Buffer = toFrame(frameType.end, Buffer.alloc(0));

/** Ends a direction with an error that the other side will throw. */
export const failureFrame = (error: unknown): Buffer =>
  toFrame(frameType.failure, encodeMessage(toWireError(error)));

const parseFrame = (type: number, body: Buffer): Frame => {
  if (type === frameType.message) return { kind: "message", message: decodeMessage(body) };
  if (type === frameType.end) return { kind: "end" };
  if (type === frameType.failure) return { kind: "failure", error: decodeMessage(body) };
  throw new OperationError("invalid-parameter", `a frame of unknown type ${type} arrived`);
};

/** Puts frames together again from the pieces in which they arrive. */
export interface FrameDecoder {
  /**
   * The frames that `chunk` completes. Throws (kind `invalid-parameter`) at a body longer than the
   * limit, or one that cannot be decoded; the stream is then of no more use.
   */
  push(chunk: Buffer): readonly Frame[];
}

/** A decoder that refuses bodies of more than `bodyBytesMax`. */
export const newFrameDecoder = (bodyBytesMax: number): FrameDecoder => {
  let pieces: Buffer[] = [];
  let available = 0;
  /** Bytes that must be there before anything can be done. */
  let wanted = HEADER_BYTES;

  const push = (chunk: Buffer): readonly Frame[] => {
    pieces.push(chunk);
    available += chunk.length;
    if (available < wanted) return [];
    const bytes = pieces.length === 1 ? chunk : Buffer.concat(pieces);
    const frames: Frame[] = [];
    let at = 0;
    for (;;) {
      wanted = HEADER_BYTES;
      if (bytes.length - at < wanted) break;
      const length = bytes.readUInt32BE(at + 1);
      if (length > bodyBytesMax)
        throw new OperationError(
          "invalid-parameter",
          `a message of ${length} bytes is longer than ${bodyBytesMax}`,
        );
      wanted += length;
      if (bytes.length - at < wanted) break;
      frames.push(parseFrame(bytes[at] ?? 0, bytes.subarray(at + HEADER_BYTES, at + wanted)));
      at += wanted;
    }
    available = bytes.length - at;
    pieces = available === 0 ? [] : [bytes.subarray(at)];
    return frames;
  };
  return { push };
};
