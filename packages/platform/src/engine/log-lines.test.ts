import { encodeLogFrame } from "@skein/wire";
import { expect, test } from "vitest";
import { logMessages } from "./log-lines.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const read = async (
  chunks: Iterable<Uint8Array>,
  format: { readonly tty: boolean; readonly details: boolean },
): Promise<readonly string[]> => {
  const lines: string[] = [];
  for await (const message of logMessages(chunks, { taskId: "t", ...format })) {
    const attributes = JSON.stringify(message.attributes);
    const data = JSON.stringify(new TextDecoder().decode(message.data));
    lines.push(`${message.stream} ${message.timestamp} ${attributes} ${data}`);
  }
  return lines;
};

test("frames are taken apart, wherever the chunks are cut", async () => {
  const wire = Buffer.concat([
    encodeLogFrame({ stream: "stdout", data: bytes("2024-01-01T00:00:00.5Z  one two\n") }),
    encodeLogFrame({ stream: "stderr", data: bytes("2024-01-01T00:00:01Z a=1,b%2C=x+y err\n") }),
  ]);
  const expected = [
    'stdout 2024-01-01T00:00:00.5Z {} "one two\\n"',
    'stderr 2024-01-01T00:00:01Z {"a":"1","b,":"x y"} "err\\n"',
  ];
  for (let cut = 1; cut < wire.length; cut += 7)
    expect(
      await read([wire.subarray(0, cut), wire.subarray(cut)], { tty: false, details: true }),
    ).toEqual(expected);
});

test("without attributes a line may begin with blanks", async () => {
  const frame = encodeLogFrame({ stream: "stdout", data: bytes("2024-01-01T00:00:00Z   x\n") });
  expect(await read([frame], { tty: false, details: false })).toEqual([
    'stdout 2024-01-01T00:00:00Z {} "  x\\n"',
  ]);
});

test("with a terminal lines are found by their ends", async () => {
  const chunks = ["2024-01-01T00:00:00Z o", "ne\r\n2024-01-01T00:00:01Z two\r\nrest"].map(bytes);
  expect(await read(chunks, { tty: true, details: false })).toEqual([
    'stdout 2024-01-01T00:00:00Z {} "one\\r\\n"',
    'stdout 2024-01-01T00:00:01Z {} "two\\r\\n"',
  ]);
});
