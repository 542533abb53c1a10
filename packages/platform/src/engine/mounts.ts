import type { WorkloadFile } from "@skein/agent";
import { OperationError } from "@skein/base";
import type { Mount } from "@skein/wire";

/** A mount in the engine's words: those of the Docker API, where binds may also be lines. */
export interface EngineMounts {
  readonly Mounts: readonly Mount[];
  /** `source:target:options`, the form that makes a missing source. */
  readonly Binds: readonly string[];
}

const refuse = (message: string): never => {
  throw new OperationError("invalid-parameter", message);
};

const isAbsolute = (path: string): boolean => path.startsWith("/");

const checkMount = ({ Type = "bind", Source = "", Target = "" }: Mount): void => {
  if (!isAbsolute(Target)) refuse(`invalid mount target, must be an absolute path: ${Target}`);
  switch (Type) {
    case "bind":
      if (!isAbsolute(Source))
        refuse(`invalid bind mount source, must be an absolute path: ${Source}`);
      return;
    case "volume":
      if (isAbsolute(Source))
        refuse(`invalid volume mount source, must not be an absolute path: ${Source}`);
      return;
    case "tmpfs":
      if (Source !== "") refuse("invalid tmpfs source, source must be empty");
      return;
    case "image":
      return;
    case "npipe":
    case "cluster":
      refuse(`invalid mount type: ${Type}`);
  }
};

const isMakingBind = ({ Type, BindOptions }: Mount): boolean =>
  (Type ?? "bind") === "bind" && BindOptions?.CreateMountpoint === true;

const bindLine = ({ Source = "", Target = "", ReadOnly, BindOptions }: Mount): string => {
  const { Propagation } = BindOptions ?? {};
  const options = [ReadOnly === true ? "ro" : "rw", ...(Propagation ? [Propagation] : [])];
  return `${Source}:${Target}:${options.join(",")}`;
};

/**
 * A task's mounts. Throws (kind `invalid-parameter`) with Docker's text when a source or target does
 * not fit its type: the engine would take an absolute volume source for a bind.
 */
export const toEngineMounts = (mounts: readonly Mount[]): EngineMounts => {
  for (const mount of mounts) checkMount(mount);
  return {
    Mounts: mounts
      .filter((mount) => !isMakingBind(mount))
      .map((mount) => ({ ...mount, Type: mount.Type ?? "bind" })),
    Binds: mounts.filter(isMakingBind).map(bindLine),
  };
};

/** A file of the host that a container sees. */
export interface HostFile extends Pick<WorkloadFile, "target"> {
  readonly path: string;
}

/** Secrets and configs are mounted one by one, read-only. */
export const toFileMounts = (files: readonly HostFile[]): readonly Mount[] =>
  files.map(({ path, target }) => ({
    Type: "bind",
    Source: path,
    Target: target,
    ReadOnly: true,
  }));
