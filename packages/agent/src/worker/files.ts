import { OperationError } from "@skein/base";
import type { ConfigSpec, SecretSpec } from "@skein/wire";

/** Where tasks get the content of secrets and configs from. Kept in memory only. */
export interface FileSource {
  secret(id: string): SecretSpec | undefined;
  config(id: string): ConfigSpec | undefined;
  /**
   * Resolves when a manager has sent a complete set since the daemon started: what is missing
   * then is really missing.
   */
  complete(signal: AbortSignal): Promise<void>;
}

/** The error of a task whose secret or config this node was not given. */
export const missingFile = (kind: "secret" | "config", name: string): OperationError =>
  new OperationError("not-found", `${kind} ${name} is not available on this node`);
