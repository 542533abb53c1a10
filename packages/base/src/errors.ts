/**
 * The classes of failure that a caller can tell apart. HTTP status is decided from these in one
 * place (api/error-response.ts), never where the error is made.
 */
export type ErrorKind =
  | "invalid-parameter"
  | "failed-precondition"
  | "out-of-range"
  | "unauthorized"
  | "forbidden"
  | "not-found"
  | "conflict"
  | "not-implemented"
  | "unavailable"
  | "cancelled"
  | "deadline-exceeded"
  | "unknown"
  | "internal";

/** A refused request or a failure of the world outside. Bugs use {@link assert} instead. */
export class OperationError extends Error {
  readonly kind: ErrorKind;
  /**
   * True when the text goes to Docker clients as it would come over gRPC in the reference:
   * `rpc error: code = InvalidArgument desc = <message>`. Clients match on such texts.
   */
  readonly rpc: boolean;
  constructor(
    kind: ErrorKind,
    message: string,
    options: { readonly rpc?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "OperationError";
    this.kind = kind;
    this.rpc = options.rpc ?? false;
  }
}

/** An error that Docker clients see with the `rpc error: code = X desc = ` prefix. */
export const rpcError = (kind: ErrorKind, message: string): OperationError =>
  new OperationError(kind, message, { rpc: true });

/** The text of anything that was thrown. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** Stops the process on a broken invariant. Kept on in production. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`bug: ${message}`);
}

/** For the default branch of an exhaustive switch. */
export const unreachable = (value: never): never => {
  throw new Error(`bug: unexpected value ${JSON.stringify(value)}`);
};
