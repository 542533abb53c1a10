import { OperationError, messageOf } from "@skein/base";
import type { ErrorKind } from "@skein/base";

const kinds: Readonly<Record<ErrorKind, true>> = {
  "invalid-parameter": true,
  "failed-precondition": true,
  "out-of-range": true,
  unauthorized: true,
  forbidden: true,
  "not-found": true,
  conflict: true,
  "not-implemented": true,
  unavailable: true,
  cancelled: true,
  "deadline-exceeded": true,
  unknown: true,
  internal: true,
};

/** An error between machines. Causes and stacks stay at home. */
interface WireError {
  readonly kind: string;
  readonly message: string;
  readonly rpc: boolean;
}

/** What goes over the wire for something thrown. Whatever is not an operation error is a bug here. */
export const toWireError = (error: unknown): WireError =>
  error instanceof OperationError
    ? { kind: error.kind, message: error.message, rpc: error.rpc }
    : { kind: "internal", message: messageOf(error), rpc: false };

const isKind = (kind: unknown): kind is ErrorKind => typeof kind === "string" && kind in kinds;

/** The error that the other side threw. A kind that this version does not know becomes `unknown`. */
export const fromWireError = (value: unknown): OperationError => {
  const { kind, message, rpc } = Object.fromEntries(Object.entries(value ?? {}));
  return new OperationError(
    isKind(kind) ? kind : "unknown",
    typeof message === "string" ? message : "the other side failed without saying why",
    { rpc: rpc === true },
  );
};
