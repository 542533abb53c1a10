/** Where a piece of output comes from; `system` carries errors of the daemon itself. */
export type StreamName = "stdin" | "stdout" | "stderr" | "system";

/** One piece of a multiplexed stream of output. */
export interface LogFrame {
  readonly stream: StreamName;
  readonly data: Uint8Array;
}

const HEADER_BYTES = 8;
const streamNames: readonly StreamName[] = ["stdin", "stdout", "stderr", "system"];

/** Docker's framing of output without a terminal: stream, three zero bytes, big-endian length, data. */
export const encodeLogFrame = (frame: LogFrame): Uint8Array => {
  const bytes = new Uint8Array(HEADER_BYTES + frame.data.length);
  bytes[0] = streamNames.indexOf(frame.stream);
  new DataView(bytes.buffer).setUint32(4, frame.data.length);
  bytes.set(frame.data, HEADER_BYTES);
  return bytes;
};

const concat = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  if (a.length === 0) return b;
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
};

/**
 * Makes a reader of framed output that is fed with chunks as they arrive and returns the frames
 * that are complete. An unknown stream number counts as stdout. Frames share the chunks' memory.
 */
export const logFrameReader = (): ((chunk: Uint8Array) => readonly LogFrame[]) => {
  let rest: Uint8Array = new Uint8Array(0);
  return (chunk) => {
    rest = concat(rest, chunk);
    const frames: LogFrame[] = [];
    for (;;) {
      if (rest.length < HEADER_BYTES) return frames;
      const header = new DataView(rest.buffer, rest.byteOffset, HEADER_BYTES);
      const end = HEADER_BYTES + header.getUint32(4);
      if (rest.length < end) return frames;
      const stream = streamNames[header.getUint8(0)] ?? "stdout";
      frames.push({ stream, data: rest.subarray(HEADER_BYTES, end) });
      rest = rest.subarray(end);
    }
  };
};
