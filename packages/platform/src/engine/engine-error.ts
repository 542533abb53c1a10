import { OperationError, messageOf } from "@skein/base";
import type { ErrorKind } from "@skein/base";
import { fieldOf, textOf } from "./json-lines.ts";

const kinds: Readonly<Record<number, ErrorKind>> = {
  400: "invalid-parameter",
  401: "unauthorized",
  403: "forbidden",
  404: "not-found",
  409: "conflict",
  501: "not-implemented",
  503: "unavailable",
};

/** How dockerode begins the message that it makes of an answer. */
const DOCKERODE_PREFIX = /^\(HTTP code \d+\) .*? - /u;

/** The engine's own message. */
const answerOf = (error: Error): string => {
  const message = textOf(fieldOf(error, "json"), "message");
  return message === "" ? error.message.replace(DOCKERODE_PREFIX, "").trim() : message;
};

/** The HTTP status of an answer that dockerode threw; undefined when the engine did not answer. */
export const statusOf = (error: unknown): number | undefined => {
  const status = fieldOf(error, "statusCode");
  return typeof status === "number" ? status : undefined;
};

/**
 * What a failed call becomes. Without an answer the engine is away: kind `unavailable`, for which the
 * agent tries again; an answer's message is kept as it is.
 */
export const toEngineError = (socketPath: string, error: unknown): OperationError => {
  if (error instanceof OperationError) return error;
  const status = statusOf(error);
  if (status === undefined || !(error instanceof Error))
    return new OperationError(
      "unavailable",
      `the container engine at unix://${socketPath} does not answer: ${messageOf(error)}`,
      { cause: error },
    );
  return new OperationError(kinds[status] ?? "unknown", answerOf(error), { cause: error });
};
