import { encodeLogFrame } from "@skein/wire";
import type { LogLine } from "../backend.ts";

const encoder = new TextEncoder();

/** Go's url.QueryEscape. */
const escape = (text: string): string =>
  encodeURIComponent(text)
    .replaceAll("%20", "+")
    .replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** `k=v,k=v`, sorted by key: what `details=1` puts before a line. Clients find the task by it. */
const detailsOf = (line: LogLine): string => {
  const attributes = {
    ...line.attributes,
    "com.docker.swarm.node.id": line.nodeId,
    "com.docker.swarm.service.id": line.serviceId,
    "com.docker.swarm.task.id": line.taskId,
  };
  return Object.entries(attributes)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${escape(key)}=${escape(value)}`)
    .join(",");
};

/** Always nine digits after the point, as log lines have them. */
const fixedWidth = (timestamp: string): string => {
  const match = /^(.*?T[0-9:]+)(?:\.([0-9]*))?(Z|[+-].*)$/.exec(timestamp);
  if (!match) return timestamp;
  return `${match[1] ?? ""}.${(match[2] ?? "").padEnd(9, "0").slice(0, 9)}${match[3] ?? ""}`;
};

/** How the lines of a log are wanted. */
export interface LogFormat {
  readonly timestamps: boolean;
  readonly details: boolean;
  /** A terminal's output goes without frames. */
  readonly tty: boolean;
}

/** One line as it goes over the wire. */
export const formatLine = (line: LogLine, format: LogFormat): Uint8Array => {
  const prefix = [
    ...(format.timestamps ? [fixedWidth(line.timestamp)] : []),
    ...(format.details ? [detailsOf(line)] : []),
  ];
  const before = encoder.encode(prefix.map((part) => `${part} `).join(""));
  const data = new Uint8Array(before.length + line.data.length);
  data.set(before);
  data.set(line.data, before.length);
  return format.tty ? data : encodeLogFrame({ stream: line.stream, data });
};

/** What goes wrong after the stream has begun: a frame of its own, or plain text on a terminal's. */
export const formatFailure = (text: string, tty: boolean): Uint8Array => {
  const data = encoder.encode(`Error grabbing logs: ${text}\n`);
  return tty ? data : encodeLogFrame({ stream: "system", data });
};
