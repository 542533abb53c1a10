import type { Readable } from "node:stream";
import type { LogMessage } from "@skein/model";
import { logFrameReader } from "@skein/wire";

const SPACE = 0x20;
const NEWLINE = 0x0a;

type Parse = (line: Uint8Array, stream: LogMessage["stream"]) => LogMessage | undefined;

/** `a=1,b=2`, each part URL-encoded, as the engine prints a line's attributes. */
const parseAttributes = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    text
      .split(",")
      .filter((pair) => pair.includes("="))
      .map((pair) => {
        const at = pair.indexOf("=");
        return [decode(pair.slice(0, at)), decode(pair.slice(at + 1))];
      }),
  );

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text; // no URL-encoding after all
  }
};

/** Takes a line with timestamp (and attributes, if asked for) apart. */
const parser =
  (taskId: string, withDetails: boolean): Parse =>
  (line, stream) => {
    const first = line.indexOf(SPACE);
    if (first < 0) return undefined;
    const timestamp = Buffer.from(line.subarray(0, first)).toString("latin1");
    let rest = line.subarray(first + 1);
    let attributes: Readonly<Record<string, string>> = {};
    if (withDetails) {
      const end = rest.indexOf(SPACE);
      if (end > 0) attributes = parseAttributes(Buffer.from(rest.subarray(0, end)).toString());
      rest = rest.subarray(end + 1);
    }
    return { taskId, stream, timestamp, attributes, data: Uint8Array.from(rest) };
  };

const framedLines = (parse: Parse): ((chunk: Uint8Array) => readonly LogMessage[]) => {
  const read = logFrameReader();
  return (chunk) =>
    read(chunk).flatMap(
      ({ stream, data }) => parse(data, stream === "stderr" ? "stderr" : "stdout") ?? [],
    );
};

/** With a terminal there are no frames: everything is stdout, and lines end where they end. */
const plainLines = (parse: Parse): ((chunk: Uint8Array) => readonly LogMessage[]) => {
  let rest: Uint8Array = new Uint8Array(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const messages: LogMessage[] = [];
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      messages.push(...[parse(rest.subarray(0, end + 1), "stdout") ?? []].flat());
      rest = rest.subarray(end + 1);
    }
    return messages;
  };
};

/** How the engine was asked. */
export interface LogFormat {
  readonly taskId: string;
  /** The container has a terminal. */
  readonly tty: boolean;
  /** Lines carry attributes. */
  readonly details: boolean;
}

/** Turns the engine's stream of output, with timestamps, into messages. */
export async function* logMessages(
  chunks: Readable | Iterable<Uint8Array>,
  format: LogFormat,
): AsyncGenerator<LogMessage> {
  const parse = parser(format.taskId, format.details);
  const read = format.tty ? plainLines(parse) : framedLines(parse);
  for await (const chunk of chunks) yield* read(chunk as Uint8Array);
}
