/** Shallow: entries have no depth, and there are many. */
export const isSame = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  for (const key of Object.keys(a)) if (Reflect.get(a, key) !== Reflect.get(b, key)) return false;
  return true;
};

/** Who says what of one key, when several do. */
interface Shared<V> {
  readonly claims: Map<string, V>;
  /** Whether they do not all say the same. */
  mixed: boolean;
}

interface Claim<V> {
  readonly unit: string;
  readonly value: V;
}

const isShared = <V>(held: Claim<V> | Shared<V>): held is Shared<V> => "claims" in held;

/** What holds does not depend on who came first. */
const strongest = <V>(claims: ReadonlyMap<string, V>): V | undefined => {
  let best = "";
  for (const unit of claims.keys()) if (unit > best) best = unit;
  return claims.get(best);
};

/**
 * One section of the wanted state, or one set's elements, put together by many units: each claims its
 * entries. An entry is there as long as somebody claims it.
 */
export class Place<V> {
  /** The section itself. */
  readonly values: Map<string, V>;
  /** Keys whose values are not what they were when this was emptied. */
  readonly touched: Set<string> = new Set();
  readonly #held = new Map<string, Claim<V> | Shared<V>>();
  readonly #onChange: (was: V | undefined, now: V | undefined) => void;

  constructor(
    values: Map<string, V>,
    onChange: (was: V | undefined, now: V | undefined) => void = () => {},
  ) {
    this.values = values;
    this.#onChange = onChange;
  }

  claim(unit: string, key: string, value: V): void {
    const held = this.#held.get(key);
    if (!held || (!isShared(held) && held.unit === unit)) {
      this.#held.set(key, { unit, value });
      this.#put(key, value);
      return;
    }
    const shared = isShared(held)
      ? held
      : { claims: new Map([[held.unit, held.value]]), mixed: false };
    this.#held.set(key, shared);
    shared.claims.set(unit, value);
    shared.mixed ||= !isSame(this.values.get(key), value);
    if (shared.mixed) this.#put(key, strongest(shared.claims));
  }

  release(unit: string, key: string): void {
    const held = this.#held.get(key);
    if (!held) return;
    if (!isShared(held)) {
      if (held.unit !== unit) return;
      this.#held.delete(key);
      this.#put(key, undefined);
      return;
    }
    held.claims.delete(unit);
    const [last, ...others] = held.claims.size < 2 ? held.claims : [];
    if (last && others.length === 0) this.#held.set(key, { unit: last[0], value: last[1] });
    if (held.mixed) this.#put(key, strongest(held.claims));
  }

  #put(key: string, value: V | undefined): void {
    const was = this.values.get(key);
    if (isSame(was, value)) return;
    if (value === undefined) this.values.delete(key);
    else this.values.set(key, value);
    this.touched.add(key);
    this.#onChange(was, value);
  }
}
