/** Finds values by a key that several may share, in the order in which they came. */
export class IndexOf<V extends { readonly id: string }> {
  readonly #entries = new Map<string, Map<string, V>>();

  add(key: string, value: V): void {
    const known = this.#entries.get(key);
    if (known) known.set(value.id, value);
    else this.#entries.set(key, new Map([[value.id, value]]));
  }

  remove(key: string, { id }: V): void {
    const known = this.#entries.get(key);
    known?.delete(id);
    if (known?.size === 0) this.#entries.delete(key);
  }

  get(key: string): readonly V[] {
    return [...(this.#entries.get(key)?.values() ?? [])];
  }
}
