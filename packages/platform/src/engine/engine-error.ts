import { OperationError, messageOf } from "@skein/base";
import type { ErrorKind } from "@skein/base";
import { textOf } from "./json-lines.ts";

const kinds: Readonly<Record<number, ErrorKind>> = {
  400: "invalid-parameter",
  401: "unauthorized",
  403: "forbidden",
  404: "not-found",
  409: "conflict",
  501: "not-implemented",
  503: "unavailable",
};

/** What an answer with this status becomes; the engine's message is kept as it is. */
export const answerError = (status: number, body: unknown): OperationError => {
  const message = typeof body === "string" ? body.trim() : textOf(body, "message");
  const text = message === "" ? `the container engine answered with status ${status}` : message;
  return new OperationError(kinds[status] ?? "unknown", text);
};

/**
 * What a call without a (complete) answer becomes: the engine is away, kind `unavailable`, for which
 * the agent tries again. An OperationError is passed on.
 */
export const engineAway = (socketPath: string, error: unknown): OperationError =>
  error instanceof OperationError
    ? error
    : new OperationError(
        "unavailable",
        `the container engine at unix://${socketPath} does not answer: ${messageOf(error)}`,
        { cause: error },
      );
