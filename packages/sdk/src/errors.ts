/** The daemon refused a request. `message` is the daemon's own text, without any prefix. */
export class ApiError extends Error {
  /** HTTP status, 400 or above. */
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

/** Nothing that speaks the API answers at the address, or the connection broke. */
export class ConnectionError extends Error {
  /** As it was given, e.g. `unix:///run/skein/skein.sock`. */
  readonly host: string;
  /** The system's code, e.g. `ENOENT`, `ECONNREFUSED`, `EACCES`; empty when there is none. */
  readonly code: string;
  constructor(host: string, cause: Error) {
    super(`cannot reach the daemon at ${host}: ${cause.message}`, { cause });
    this.name = "ConnectionError";
    this.host = host;
    this.code = "code" in cause && typeof cause.code === "string" ? cause.code : "";
  }
}

/** True for the daemon's "no such object" (404). */
export const isNotFound = (error: unknown): boolean =>
  error instanceof ApiError && error.status === 404;

/**
 * True when somebody else changed the object between reading and writing it. The reference answers
 * with status 500, so clients know this case by its text.
 */
export const isOutOfSequence = (error: unknown): boolean =>
  error instanceof ApiError && error.message.includes("update out of sequence");
