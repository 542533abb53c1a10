import { OperationError, messageOf } from "@skein/base";
import { hasModernErrors, isBefore } from "../api-version.ts";
import type { Backend, LogOptions, LogStream } from "../backend.ts";
import { errorText } from "../error-response.ts";
import { parseTimestamp } from "../events/timestamp.ts";
import type { ApiResponse } from "../http.ts";
import type { Call, Route } from "../router.ts";
import { formatFailure, formatLine } from "./format.ts";
import type { LogFormat } from "./format.ts";

/** Bad parameters of logs were 500 up to Docker 20.10. */
const refuse = (call: Call, text: string): OperationError =>
  new OperationError(hasModernErrors(call.version) ? "invalid-parameter" : "unknown", text);

const tailOf = (call: Call): number => {
  const text = call.query.text("tail");
  if (text === "" || text === "all") return -1;
  if (!/^[+-]?[0-9]+$/.test(text))
    throw refuse(call, 'tail value must be a positive integer or "all"');
  if (Number(text) < 0) throw refuse(call, "negative tail values not supported");
  return Number(text);
};

const sinceOf = (call: Call): number => {
  try {
    // Whole microseconds are exact in both forms; a number cannot hold nanoseconds of today.
    return Number((parseTimestamp(call.query.text("since")) ?? 0n) / 1000n) / 1e6;
  } catch (error) {
    throw refuse(call, `could not parse since timestamp: ${messageOf(error)}`);
  }
};

const optionsOf = (call: Call): LogOptions => {
  const stdout = call.query.flag("stdout");
  const stderr = call.query.flag("stderr");
  if (!stdout && !stderr) throw refuse(call, "Bad parameters: you must choose at least one stream");
  return {
    follow: call.query.flag("follow"),
    tail: tailOf(call),
    since: sinceOf(call),
    stdout,
    stderr,
  };
};

async function* body(stream: LogStream, format: LogFormat): AsyncGenerator<Uint8Array> {
  try {
    for await (const line of stream.lines) yield formatLine(line, format);
  } catch (error) {
    yield formatFailure(errorText(error), format.tty);
  }
}

const contentType = (version: string, tty: boolean): string => {
  if (isBefore(version, "1.42")) return "application/octet-stream";
  return `application/vnd.docker.${tty ? "raw" : "multiplexed"}-stream`;
};

/** GET /services/{id}/logs and /tasks/{id}/logs. */
export const logRoute = (kind: "service" | "task", { logs }: Backend): Route => ({
  method: "GET",
  pattern: `/${kind}s/{id}/logs`,
  handler: async (call): Promise<ApiResponse> => {
    const options = optionsOf(call);
    const selector = { kind, ref: call.params["id"] ?? "" };
    const stream = await logs.open({ selector, options, signal: call.request.signal });
    const format = {
      timestamps: call.query.flag("timestamps"),
      details: call.query.flag("details"),
      tty: stream.tty,
    };
    return {
      status: 200,
      headers: { "content-type": contentType(call.version, stream.tty) },
      body: body(stream, format),
    };
  },
});
