/** Lines kept for the report of a failure. */
const KEPT = 50;

const part = (value: number): string => (value >>> 0).toString(16).padStart(8, "0");

/** What happened: a hash over everything, and the last lines in words. */
export class Trace {
  #high = 0x9dc5;
  #low = 0x811c;
  #lines: string[] = [];
  readonly #listener: ((line: string) => void) | undefined;

  constructor(listener?: (line: string) => void) {
    this.#listener = listener;
  }

  /** Records one line at a virtual time, in milliseconds. */
  note(now: number, line: string): void {
    const text = `${(now / 1000).toFixed(3)} ${line}`;
    this.#mix(text);
    this.#lines.push(text);
    this.#listener?.(text);
    if (this.#lines.length > 4 * KEPT) this.#lines = this.#lines.slice(-KEPT);
  }

  /** Two runs with equal hashes did the same. */
  get hash(): string {
    return part(this.#high) + part(this.#low);
  }

  /** The newest lines, oldest first. */
  get last(): readonly string[] {
    return this.#lines.slice(-KEPT);
  }

  #mix(text: string): void {
    for (let i = 0; i < text.length; i += 1) {
      const code = text.charCodeAt(i);
      this.#low = Math.imul(this.#low ^ code, 0x01000193);
      this.#high = Math.imul(this.#high ^ (this.#low >>> 15) ^ code, 0x85ebca6b);
    }
  }
}
