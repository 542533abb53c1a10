/** A piece of a service's or task's output. */
export interface LogFrame {
  readonly stream: "stdout" | "stderr";
  readonly data: Buffer;
}

/** One byte for the stream, three of padding, four for the length, most significant first. */
const HEADER_BYTES = 8;

/**
 * Splits the Docker API's multiplexed log stream into frames. A stream that ends within a frame
 * (the daemon went away) gives the part that arrived.
 */
export async function* demultiplex(source: AsyncIterable<Uint8Array>): AsyncGenerator<LogFrame> {
  let pending: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    pending = pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([pending, chunk]);
    while (pending.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + pending.readUInt32BE(4);
      if (pending.length < end) break;
      yield frame(pending, end);
      pending = pending.subarray(end);
    }
  }
  if (pending.length > HEADER_BYTES) yield frame(pending, pending.length);
}

const frame = (bytes: Buffer, end: number): LogFrame => ({
  stream: bytes[0] === 2 ? "stderr" : "stdout",
  data: bytes.subarray(HEADER_BYTES, end),
});

/** The lines of a text stream, without their ends. The last one needs none. */
export async function* lines(source: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pending = "";
  for await (const chunk of source) {
    const parts = (pending + decoder.decode(chunk, { stream: true })).split("\n");
    pending = parts.pop() ?? "";
    yield* parts;
  }
  if (pending !== "") yield pending;
}
