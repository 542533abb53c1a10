import type { Readable } from "node:stream";

/** Values of a stream of JSON texts, one per line. Lines that are no JSON are passed over. */
export async function* jsonLines(stream: Readable): AsyncGenerator {
  let rest = "";
  stream.setEncoding("utf8");
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield* parsed(line);
  }
  yield* parsed(rest);
}

function* parsed(line: string): Generator {
  if (line.trim() === "") return;
  try {
    yield JSON.parse(line);
  } catch {
    // An answer that was cut short, or a proxy's page.
  }
}

/** A field of something that should be an object. */
export const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value))[name]
    : undefined;

/** A field that should be a string; empty when it is not. */
export const textOf = (value: unknown, name: string): string => {
  const field = fieldOf(value, name);
  return typeof field === "string" ? field : "";
};
