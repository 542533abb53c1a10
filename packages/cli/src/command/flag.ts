/** What names a shell may offer for a flag's value or an argument. */
export type Completion =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | {
      readonly kind:
        | "nodes"
        | "services"
        | "service-scale"
        | "secrets"
        | "configs"
        | "networks"
        | "service-or-task";
    }
  | { readonly kind: "files" }
  | { readonly kind: "none" };

/** How a flag is declared. */
export interface FlagDeclaration<T> {
  readonly name: string;
  readonly short?: string;
  /** The word for the value in help, e.g. `duration`; empty for a boolean. */
  readonly type: string;
  readonly description: string;
  /** As help shows it; absent shows none. */
  readonly fallback?: string;
  readonly parse: (text: string) => T;
  readonly complete?: Completion;
}

/**
 * A flag of a command. It is also the key under which {@link Flags} holds what was given, so that
 * values keep their types.
 */
export interface Flag<T> extends FlagDeclaration<T> {
  readonly repeatable: boolean;
}

/** A flag of any type, as lists of flags hold them. */
export type AnyFlag = Flag<unknown>;

/** A flag of which the last value counts. */
export const one = <T>(declaration: FlagDeclaration<T>): Flag<T> => ({
  ...declaration,
  repeatable: false,
});

/** A flag of which all values count. */
export const many = <T>(declaration: FlagDeclaration<T>): Flag<T> => ({
  ...declaration,
  repeatable: true,
});

/** The flags that were given, with their values. */
export class Flags {
  readonly #values = new Map<AnyFlag, unknown[]>();

  /** Parses and keeps a value. Throws what the flag's parser throws. */
  set(flag: AnyFlag, text: string): void {
    const value = flag.parse(text);
    this.#values.set(flag, flag.repeatable ? [...(this.#values.get(flag) ?? []), value] : [value]);
  }

  /** Whether any of the flags was given. */
  changed(...flags: readonly AnyFlag[]): boolean {
    return flags.some((flag) => this.#values.has(flag));
  }

  /** The last value, or undefined when the flag was not given. */
  get<T>(flag: Flag<T>): T | undefined {
    return this.#values.get(flag)?.at(-1) as T | undefined;
  }

  /** All values in the order in which they were given. */
  all<T>(flag: Flag<T>): readonly T[] {
    return (this.#values.get(flag) ?? []) as T[];
  }

  /** Whether a boolean flag was given and not turned off again. */
  on(flag: Flag<boolean>): boolean {
    return this.get(flag) ?? false;
  }

  /** The flags that were given. */
  given(): readonly AnyFlag[] {
    return [...this.#values.keys()];
  }
}
