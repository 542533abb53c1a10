import type { Constraint, SpecVersion } from "@skein/model";
import { parseConstraint } from "@skein/model";
import type { View } from "@skein/store";
import type { Mount, TaskSpec } from "@skein/wire";
import { isEncrypted } from "../networks/encryption.ts";
import { networksOfSpec } from "../networks/needs.ts";
import type { PluginNeed, Requirement } from "./filters.ts";

/** Satisfied by no node: stands for a constraint that does not parse, which validation keeps out. */
const never: Constraint = { key: "never", operator: "==", value: "" };

const constraintOf = (text: string): Constraint => {
  try {
    return parseConstraint(text);
  } catch {
    return never;
  }
};

const volumeDriver = (mount: Mount): string | undefined => {
  const name = mount.Type === "volume" ? mount.VolumeOptions?.DriverConfig?.Name : undefined;
  return name === "" || name === "local" ? undefined : name;
};

const needs = (type: PluginNeed["type"], names: readonly (string | undefined)[]): PluginNeed[] =>
  names.flatMap((name) => (name === undefined || name === "" ? [] : [{ type, name }]));

const pluginsOf = (task: TaskSpec, view: View): readonly PluginNeed[] => {
  const volumes = (task.ContainerSpec?.Mounts ?? []).map(volumeDriver);
  const networks = (task.Networks ?? []).map(({ Target = "" }) => {
    const network = view.get("networks", Target) ?? view.byName("networks", Target)[0];
    const driver = network?.driver.name;
    return driver === "overlay" ? undefined : driver; // overlays are made by our agent
  });
  const [cluster] = view.all("clusters").values();
  const log = (task.LogDriver ?? cluster?.spec.TaskDefaults.LogDriver)?.Name;
  return [
    ...needs("Volume", volumes),
    ...needs("Network", networks),
    ...needs("Log", log === "none" ? [] : [log]),
  ];
};

/** What tasks of this spec ask of a node, apart from room. */
export const requirementOf = (spec: SpecVersion, view: View): Requirement => {
  const { task } = spec;
  const encrypted = networksOfSpec(view, spec)
    .filter(({ network }) => isEncrypted(network))
    .map(({ network }) => network.name);
  const plugins = pluginsOf(task, view);
  const constraints = (task.Placement?.Constraints ?? []).map(constraintOf);
  const platforms = task.Placement?.Platforms ?? [];
  return {
    key: JSON.stringify([plugins, constraints, platforms, encrypted]),
    plugins,
    constraints,
    platforms,
    encrypted,
  };
};
