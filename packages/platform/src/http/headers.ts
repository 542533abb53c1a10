import type { IncomingHttpHeaders } from "node:http";

/** Headers with one value each; repeated ones are joined by commas. */
export const flatHeaders = (headers: IncomingHttpHeaders): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value]],
    ),
  );

/** Headers that speak of one connection only, and are made anew for the next one. */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "upgrade",
]);

/** Alternating names and values, without those for which `drop` is true. */
export const withoutHeaders = (
  raw: readonly string[],
  drop: (lowerCaseName: string) => boolean,
): string[] => {
  const kept: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? "";
    if (!drop(name.toLowerCase())) kept.push(name, raw[i + 1] ?? "");
  }
  return kept;
};

/** Headers to pass on to the other side of the proxy. Transfer-Encoding stays: bodies are streamed. */
export const endToEnd = (raw: readonly string[]): string[] =>
  withoutHeaders(raw, (name) => hopByHop.has(name));

/** A response head in HTTP/1.1's own text. */
export const responseHead = (status: number, reason: string, raw: readonly string[]): string => {
  const lines = [`HTTP/1.1 ${status} ${reason}`];
  for (let i = 0; i + 1 < raw.length; i += 2) lines.push(`${raw[i] ?? ""}: ${raw[i + 1] ?? ""}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
};
