import { status } from "@grpc/grpc-js";
import { OperationError, messageOf } from "@skein/base";
import type { ErrorKind } from "@skein/base";

const kinds: Readonly<Record<number, ErrorKind>> = {
  [status.CANCELLED]: "cancelled",
  [status.INVALID_ARGUMENT]: "invalid-parameter",
  [status.DEADLINE_EXCEEDED]: "deadline-exceeded",
  [status.NOT_FOUND]: "not-found",
  [status.PERMISSION_DENIED]: "forbidden",
  [status.RESOURCE_EXHAUSTED]: "unavailable",
  [status.FAILED_PRECONDITION]: "failed-precondition",
  [status.OUT_OF_RANGE]: "out-of-range",
  [status.UNIMPLEMENTED]: "not-implemented",
  [status.UNAVAILABLE]: "unavailable",
  [status.UNAUTHENTICATED]: "unauthorized",
};

/** Answers after which a request has certainly not been carried out. */
const refusals = new Set<number>([
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.PERMISSION_DENIED,
  status.RESOURCE_EXHAUSTED,
  status.FAILED_PRECONDITION,
  status.OUT_OF_RANGE,
  status.UNIMPLEMENTED,
  status.UNAUTHENTICATED,
]);

const RESOURCE_EXHAUSTED: number = status.RESOURCE_EXHAUSTED;
const FULL = "database space exceeded";
const FULL_ADVICE =
  "the cluster's store has no space left and takes no changes: the managers make room by themselves where old versions take it up; if this lasts, etcd needs a larger quota (--quota-backend-bytes)";

/** A call to etcd that failed. */
export class EtcdError extends OperationError {
  /** etcd's own words. */
  readonly reason: string;
  /** False: the request was certainly not carried out. True: nobody knows (yet). */
  readonly isAmbiguous: boolean;
  /** The store is at its quota. The first time that it says so, a write may have been carried out. */
  readonly isFull: boolean;
  constructor(code: number, reason: string, what: string, cause?: unknown) {
    const isFull = code === RESOURCE_EXHAUSTED && reason.includes(FULL);
    const message = isFull ? FULL_ADVICE : `etcd: ${what}: ${reason}`;
    super(kinds[code] ?? "internal", message, { cause });
    this.name = "EtcdError";
    this.reason = reason;
    this.isAmbiguous = !refusals.has(code);
    this.isFull = isFull;
  }
}

/** Turns what grpc-js rejects with into an {@link EtcdError}; `what` names the call. */
export const etcdError = (error: unknown, what: string): EtcdError => {
  const { code, details } = Object.fromEntries(Object.entries(error ?? {}));
  const number = typeof code === "number" ? code : status.UNKNOWN;
  const reason = typeof details === "string" && details !== "" ? details : messageOf(error);
  return new EtcdError(number, reason, what, error);
};
