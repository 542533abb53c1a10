import { OperationError } from "@skein/base";
import type { EngineConnection } from "./connection.ts";
import { fieldOf, textOf } from "./json-lines.ts";

/** Which engine it is: some ways differ. */
export type EngineKind = "docker" | "podman";

/** An engine as it introduces itself. */
export interface EngineVersion {
  readonly kind: EngineKind;
  readonly version: string;
}

const OLDEST: Readonly<Record<EngineKind, string>> = { docker: "20.10", podman: "4.3" };

const numbersOf = (version: string): readonly number[] =>
  version.split(".").map((part) => parseInt(part, 10));

const isBelow = (version: string, limit: string): boolean => {
  const [major = 0, minor = 0] = numbersOf(version);
  const [limitMajor = 0, limitMinor = 0] = numbersOf(limit);
  return major < limitMajor || (major === limitMajor && minor < limitMinor);
};

/**
 * Whether a hardware address for the container as a whole is one for its first endpoint. Docker before
 * 25 would keep it for good, and makes it of the IP address anyway.
 */
export const takesContainerMac = ({ kind, version }: EngineVersion): boolean =>
  kind === "podman" || !/^\d+\.\d+/u.test(version) || !isBelow(version, "25.0");

/** Throws (kind `failed-precondition`) when the engine is older than what Skein knows to work. */
export const assertSupported = ({ kind, version }: EngineVersion): void => {
  const oldest = OLDEST[kind];
  // A version built from sources may be no number; it is believed to be new.
  if (!/^\d+\.\d+/u.test(version) || !isBelow(version, oldest)) return;
  const name = kind === "docker" ? "Docker Engine" : "Podman";
  throw new OperationError(
    "failed-precondition",
    `${name} ${version} is too old: Skein needs ${name} ${oldest} or newer`,
  );
};

/** Asks the engine who it is. Not remembered: it may have been upgraded meanwhile. */
export const engineVersion = async (
  connection: EngineConnection,
  signal: AbortSignal,
): Promise<EngineVersion> => {
  const answer = await connection.request(signal, { method: "GET", path: "/version" });
  const components = fieldOf(answer, "Components");
  const isPodman =
    Array.isArray(components) &&
    components.some((component) => textOf(component, "Name") === "Podman Engine");
  return { kind: isPodman ? "podman" : "docker", version: textOf(answer, "Version") };
};
