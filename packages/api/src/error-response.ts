import { OperationError, messageOf, unreachable } from "@skein/base";
import type { ErrorKind } from "@skein/base";
import { json } from "./http.ts";
import type { ApiResponse } from "./http.ts";

/**
 * HTTP status and gRPC code of each kind of failure: the only place that knows them
 * (behaviour.md, section 3). A failure without a class of its own is 500, as in the reference.
 */
const classify = (kind: ErrorKind): { readonly status: number; readonly code: string } => {
  switch (kind) {
    case "invalid-parameter":
      return { status: 400, code: "InvalidArgument" };
    case "failed-precondition":
      return { status: 400, code: "FailedPrecondition" };
    case "out-of-range":
      return { status: 400, code: "OutOfRange" };
    case "unauthorized":
      return { status: 401, code: "Unauthenticated" };
    case "forbidden":
      return { status: 403, code: "PermissionDenied" };
    case "not-found":
      return { status: 404, code: "NotFound" };
    case "conflict":
      return { status: 409, code: "AlreadyExists" };
    case "not-implemented":
      return { status: 501, code: "Unimplemented" };
    case "unavailable":
      return { status: 503, code: "Unavailable" };
    case "cancelled":
      return { status: 500, code: "Canceled" };
    case "deadline-exceeded":
      return { status: 500, code: "DeadlineExceeded" };
    case "unknown":
      return { status: 500, code: "Unknown" };
    case "internal":
      return { status: 500, code: "Internal" };
    default:
      return unreachable(kind);
  }
};

/** The text that Docker clients see for a failure, with the gRPC prefix where the reference has it. */
export const errorText = (error: unknown): string =>
  error instanceof OperationError && error.rpc
    ? `rpc error: code = ${classify(error.kind).code} desc = ${error.message}`
    : messageOf(error);

/**
 * The answer for anything that was thrown. What is not an {@link OperationError} is a bug: the
 * caller logs it, the client gets its text with status 500.
 */
export const errorResponse = (error: unknown): ApiResponse => {
  const status = error instanceof OperationError ? classify(error.kind).status : 500;
  return json(status, { message: errorText(error) });
};
