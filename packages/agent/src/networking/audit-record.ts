/** What the comparisons of the kernel with its wanted state have found since the daemon started. */
export interface AuditCounters {
  readonly audits: number;
  /** Those that could not be carried out, or not repaired. */
  readonly failed: number;
  /** Differences by kind; each was repaired unless the audit failed. */
  readonly found: Readonly<Record<string, number>>;
  readonly repaired: number;
  /** Milliseconds since the epoch; absent before the first audit. */
  readonly lastAt?: number;
}

/** Counts audits. */
export class AuditRecord {
  #audits = 0;
  #failed = 0;
  #repaired = 0;
  #lastAt: number | undefined;
  readonly #found = new Map<string, number>();

  /** An audit found, and repaired, these many differences of each kind. */
  succeeded(changes: Readonly<Record<string, number>>, now: number): void {
    this.#ended(now);
    for (const [kind, count] of Object.entries(changes)) {
      this.#found.set(kind, (this.#found.get(kind) ?? 0) + count);
      this.#repaired += count;
    }
  }

  /** An audit could not be carried out, or a repair was refused. */
  failed(now: number): void {
    this.#ended(now);
    this.#failed += 1;
  }

  get counters(): AuditCounters {
    return {
      audits: this.#audits,
      failed: this.#failed,
      found: Object.fromEntries(this.#found),
      repaired: this.#repaired,
      ...(this.#lastAt === undefined ? {} : { lastAt: this.#lastAt }),
    };
  }

  #ended(now: number): void {
    this.#audits += 1;
    this.#lastAt = now;
  }
}
