/** Time as a dependency: real in the daemon, virtual in tests and in the simulation. */
export interface Clock {
  /** Wall-clock time in milliseconds since the epoch. */
  now(): number;
  /** Milliseconds from an arbitrary start that never go back. */
  monotonic(): number;
  /**
   * Resolves after `ms` milliseconds; rejects with the signal's reason when it is aborted before.
   * A negative or zero `ms` resolves in a later turn.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
