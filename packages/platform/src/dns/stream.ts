/** Bytes of the length in front of each message over TCP (RFC 1035, 4.2.2). */
const LENGTH_BYTES = 2;

/** Takes a TCP stream apart; `message` gets each whole message. */
export const streamDecode = (message: (bytes: Buffer) => void): ((chunk: Buffer) => void) => {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + rest.readUInt16BE(0);
      if (rest.length < end) return;
      message(rest.subarray(LENGTH_BYTES, end));
      rest = rest.subarray(end);
    }
  };
};

/** A message with its length in front. */
export const streamEncode = (message: Buffer): Buffer => {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
};
