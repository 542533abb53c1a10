/** A fixed-size set of small whole numbers, made for walking the intersection of two quickly. */
export class BitSet {
  readonly #words: Int32Array;

  /** Holds numbers from 0 to `size - 1`. */
  constructor(size: number) {
    this.#words = new Int32Array((size + 31) >>> 5);
  }

  add(index: number): void {
    const word = index >>> 5;
    this.#words[word] = this.#word(word) | (1 << (index & 31));
  }

  remove(index: number): void {
    const word = index >>> 5;
    this.#words[word] = this.#word(word) & ~(1 << (index & 31));
  }

  has(index: number): boolean {
    return (this.#word(index >>> 5) & (1 << (index & 31))) !== 0;
  }

  /** The smallest member of both sets in [from, to), or -1. Sees what is removed during a walk. */
  nextCommon(other: BitSet, from: number, to: number): number {
    if (from >= to) return -1;
    const last = (to - 1) >>> 5;
    let word = from >>> 5;
    let common = this.#word(word) & other.#word(word) & (-1 << (from & 31));
    while (common === 0 && word < last) {
      word += 1;
      common = this.#word(word) & other.#word(word);
    }
    if (common === 0) return -1;
    const found = (word << 5) + 31 - Math.clz32(common & -common);
    return found < to ? found : -1;
  }

  #word(index: number): number {
    return this.#words[index] ?? 0;
  }
}
