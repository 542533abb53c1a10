import type { EngineEvent } from "@skein/agent";
import { fieldOf, jsonLines, textOf } from "./json-lines.ts";
import type { EngineConnection } from "./connection.ts";
import { engineAway } from "./engine-error.ts";

/** What says nothing of the container's own life. Health checks alone make several a second. */
const isNoise = (action: string): boolean =>
  action.startsWith("exec_") ||
  ["attach", "resize", "top", "copy", "archive-path"].includes(action);

const toEvent = (value: unknown): EngineEvent | undefined => {
  if (textOf(value, "Type") !== "container" || isNoise(textOf(value, "Action"))) return undefined;
  const actor = fieldOf(value, "Actor");
  const containerId = textOf(actor, "ID");
  if (containerId === "") return undefined;
  const code = textOf(fieldOf(actor, "Attributes"), "exitCode");
  const ended = textOf(value, "Action") === "die" && /^-?\d+$/u.test(code);
  return { type: "container", containerId, ...(ended ? { exitCode: Number(code) } : {}) };
};

/** The engine's events about containers, as hints. Rejects (kind `unavailable`) when it breaks. */
export async function* engineEvents(
  connection: EngineConnection,
  signal: AbortSignal,
): AsyncGenerator<EngineEvent> {
  const filters = JSON.stringify({ type: ["container"] });
  const request = { method: "GET", path: "/events", query: { filters } } as const;
  const stream = await connection.stream(signal, request);
  try {
    yield { type: "connected" };
    for await (const value of jsonLines(stream)) {
      const event = toEvent(value);
      if (event) yield event;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw engineAway(connection.socketPath, error);
  } finally {
    stream.destroy();
  }
}
