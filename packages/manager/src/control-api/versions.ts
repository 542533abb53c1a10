import { OperationError, rpcError } from "@skein/base";
import type { Meta } from "@skein/model";

/**
 * Refuses an update of an object that was changed since it was read. The kind stays `unknown`
 * (HTTP 500) because clients match on the text as the reference sends it.
 */
export const checkVersion = (object: Meta, version: number): void => {
  if (object.version !== version) throw rpcError("unknown", "update out of sequence");
};

/** The object, or a not-found error in Docker's words: `service web not found`. */
export const found = <T>(object: T | undefined, kind: string, ref: string): T => {
  if (object === undefined) throw new OperationError("not-found", `${kind} ${ref} not found`);
  return object;
};

/** `is in use by the following service: a` or `services: a, b`, for objects that can't be removed. */
export const inUseBy = (names: readonly string[]): string =>
  `is in use by the following service${names.length === 1 ? "" : "s"}: ${names.toSorted().join(", ")}`;
