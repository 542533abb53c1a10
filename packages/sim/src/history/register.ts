import { OperationError } from "@skein/base";
import type { Operation } from "./operation.ts";

/** What a register holds: a value, or nothing. */
export type RegisterState = string | undefined;

/** Which value had which version, as the reads of a history show it. */
export class Versions {
  readonly #byValue = new Map<string, string>();
  readonly #byVersion = new Map<string, string>();

  /** Throws when one value was seen with two versions, or two values with one. */
  constructor(history: readonly Operation[]) {
    for (const { result } of history)
      if (result.value !== undefined && result.version !== undefined)
        this.#learn(result.value, result.version);
  }

  /** Whether `value` may have this version: nobody has seen either with another. */
  match(value: string, version: string | undefined): boolean {
    if (version === undefined) return true;
    const known = this.#byValue.get(value);
    return known === undefined ? !this.#byVersion.has(version) : known === version;
  }

  /** Whether `value` may have a version that is not this one. */
  differ(value: string, version: string | undefined): boolean {
    return this.#byValue.get(value) !== version;
  }

  #learn(value: string, version: string): void {
    const before = this.#byValue.get(value) ?? version;
    const other = this.#byVersion.get(version) ?? value;
    if (before !== version)
      throw new OperationError("internal", `${value} has the versions ${before} and ${version}`);
    if (other !== value)
      throw new OperationError("internal", `${version} is the version of ${other} and ${value}`);
    this.#byValue.set(value, version);
    this.#byVersion.set(version, value);
  }
}

/** An operation had no such effect in this state. */
export const impossible: unique symbol = Symbol("impossible");

/** What an operation that ended well, or whose end is unknown, makes of the state. */
const effect = (
  { op, args, result }: Operation,
  state: RegisterState,
  versions: Versions,
): RegisterState | typeof impossible => {
  switch (op) {
    case "create":
      return state === undefined ? args.value : impossible;
    case "delete":
      return state === undefined ? impossible : undefined;
    case "update":
      return state !== undefined && versions.match(state, args.version) ? args.value : impossible;
    case "read":
      return state !== undefined && result.value === state ? state : impossible;
  }
};

/** The state after `operation` gave its answer in `state`; {@link impossible} when it can't have. */
export const step = (
  operation: Operation,
  state: RegisterState,
  versions: Versions,
): RegisterState | typeof impossible => {
  switch (operation.result.kind) {
    case "ok":
    case "unknown":
      return effect(operation, state, versions);
    case "absent":
      return state === undefined ? state : impossible;
    case "exists":
      return state === undefined ? impossible : state;
    case "conflict":
      return state === undefined || versions.differ(state, operation.args.version)
        ? state
        : impossible;
    case "refused":
      return state;
  }
};
