/** What a client of a versioned register may ask for. */
export type OperationKind = "create" | "read" | "update" | "delete";

/** How it ended, as far as the client knows. */
export type Outcome =
  /** It was done. */
  | "ok"
  /** Read, update or delete: there is nothing under this key. */
  | "absent"
  /** Create: there is something under this key already. */
  | "exists"
  /** Update: what is there, if anything, does not have the version that the client named. */
  | "conflict"
  /** It surely did nothing. */
  | "refused"
  /** It was done or not: the connection broke, or the time was up. */
  | "unknown";

/**
 * One operation of one client, as it is kept in a history: one of them per line, as JSON. Every value
 * is written once in a history, so that it is known by whom.
 */
export interface Operation {
  /** The client; it has one operation at a time. */
  readonly process: string;
  readonly op: OperationKind;
  readonly key: string;
  readonly args: {
    /** Create and update: what is to be there. */
    readonly value?: string;
    /** Update: what must be there, as a read has shown it. */
    readonly version?: string;
  };
  readonly result: {
    readonly kind: Outcome;
    /** Read: what was there. */
    readonly value?: string;
    readonly version?: string;
  };
  /** When it was asked for and when the answer came; any clock that all clients share, in ns. */
  readonly start: number;
  readonly end: number;
}

/** A history as a file: JSON lines. */
export const formatHistory = (history: readonly Operation[]): string =>
  history.map((operation) => `${JSON.stringify(operation)}\n`).join("");

/** Reads what {@link formatHistory} wrote. Throws a SyntaxError on a line that is not JSON. */
export const parseHistory = (text: string): readonly Operation[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Operation);
