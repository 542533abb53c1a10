import type { HostDescription } from "@skein/agent";
import { OperationError } from "@skein/base";
import type { GenericResource, PluginDescription } from "@skein/wire";

/** The part of GET /info that tells of the host. */
export interface EngineInfo {
  readonly Name?: string;
  readonly Architecture?: string;
  readonly OSType?: string;
  readonly NCPU?: number;
  readonly MemTotal?: number;
  readonly ServerVersion?: string;
  readonly Labels?: readonly string[] | null;
  readonly GenericResources?: readonly GenericResource[] | null;
  readonly Plugins?: Readonly<Record<string, readonly string[] | null>>;
  readonly Swarm?: { readonly LocalNodeState?: string };
}

/** Podman tells Go's names, Docker the kernel's; people write constraints with the latter. */
const architectures: Readonly<Record<string, string>> = { amd64: "x86_64", arm64: "aarch64" };

const labelsOf = (lines: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    lines.map((line) => {
      const [key = "", ...rest] = line.split("=");
      return [key, rest.join("=")];
    }),
  );

const byTypeAndName = (a: PluginDescription, b: PluginDescription): number => {
  const [left, right] = [a, b].map(({ Type = "", Name = "" }) => `${Type}\0${Name}`);
  return (left ?? "") < (right ?? "") ? -1 : 1;
};

const pluginsOf = ({ Plugins = {} }: EngineInfo): readonly PluginDescription[] =>
  Object.entries(Plugins)
    .flatMap(([Type, names]) => (names ?? []).map((Name) => ({ Type, Name })))
    .toSorted(byTypeAndName);

/**
 * The node's description from GET /info. Throws (kind `failed-precondition`) when the engine is part of
 * a swarm of its own: both would claim the same containers.
 */
export const describeHost = (info: EngineInfo): HostDescription => {
  const state = info.Swarm?.LocalNodeState ?? "inactive";
  if (state !== "inactive" && state !== "")
    throw new OperationError(
      "failed-precondition",
      `the container engine is part of a swarm of its own (${state}): ` +
        'run "docker swarm leave" on it first',
    );
  const { Name = "", Architecture = "", OSType = "linux", GenericResources, Labels } = info;
  return {
    Hostname: Name,
    Platform: { Architecture: architectures[Architecture] ?? Architecture, OS: OSType },
    Resources: {
      NanoCPUs: (info.NCPU ?? 0) * 1e9,
      MemoryBytes: info.MemTotal ?? 0,
      ...(GenericResources && GenericResources.length > 0 ? { GenericResources } : {}),
    },
    Engine: {
      EngineVersion: info.ServerVersion ?? "",
      ...(Labels && Labels.length > 0 ? { Labels: labelsOf(Labels) } : {}),
      Plugins: pluginsOf(info),
    },
  };
};
