import { OperationError, rpcError } from "@skein/base";
import type { ErrorKind } from "@skein/base";
import { expect, test } from "vitest";
import { errorResponse } from "./error-response.ts";

const table: readonly (readonly [ErrorKind, number, string])[] = [
  ["invalid-parameter", 400, "InvalidArgument"],
  ["failed-precondition", 400, "FailedPrecondition"],
  ["out-of-range", 400, "OutOfRange"],
  ["unauthorized", 401, "Unauthenticated"],
  ["forbidden", 403, "PermissionDenied"],
  ["not-found", 404, "NotFound"],
  ["conflict", 409, "AlreadyExists"],
  ["not-implemented", 501, "Unimplemented"],
  ["unavailable", 503, "Unavailable"],
  ["cancelled", 500, "Canceled"],
  ["deadline-exceeded", 500, "DeadlineExceeded"],
  ["unknown", 500, "Unknown"],
  ["internal", 500, "Internal"],
];

test.each(table)("%s", (kind, status, code) => {
  expect(errorResponse(new OperationError(kind, "text"))).toEqual({
    status,
    headers: { "content-type": "application/json" },
    body: '{"message":"text"}\n',
  });
  expect(errorResponse(rpcError(kind, "text")).body).toBe(
    `{"message":"rpc error: code = ${code} desc = text"}\n`,
  );
});

test("what is not an operation error is 500", () => {
  expect(errorResponse(new Error("bug: x"))).toMatchObject({
    status: 500,
    body: '{"message":"bug: x"}\n',
  });
});
