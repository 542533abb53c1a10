import { compareApiVersions } from "@skein/wire";

/** The newest version whose shapes this API knows. An older engine below lowers what is offered. */
export const NEWEST = "1.48";

/** The oldest version that is answered. */
export const OLDEST = "1.24";

/** Whether `version` is earlier than `other`. */
export const isBefore = (version: string, other: string): boolean =>
  compareApiVersions(version, other) < 0;

/** Whether the text is a version of the Docker API. */
export const isApiVersion = (text: string | undefined): text is string =>
  text !== undefined && /^[0-9]+\.[0-9]+$/.test(text);

/**
 * Some refusals changed their class or wording with Docker 23 for every version. Whoever asks in
 * the older versions gets the older answers, since scripts for them match on those.
 */
export const hasModernErrors = (version: string): boolean => !isBefore(version, "1.42");

/** The path without its version, and the version if it had one. */
export const splitPath = (
  path: string,
): { readonly version: string | undefined; readonly path: string } => {
  const match = /^\/v([0-9.]+)(\/.*)$/.exec(path);
  return match ? { version: match[1], path: match[2] ?? "/" } : { version: undefined, path };
};
