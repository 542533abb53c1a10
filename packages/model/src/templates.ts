import { messageOf, OperationError } from "@skein/base";
import type { TemplateFunction } from "@skein/gotemplate";
import { parseTemplate, requireString, struct } from "@skein/gotemplate";
import type { ContainerSpec, Mount, Platform, StringMap } from "@skein/wire";

/** What templates know of the task that they are expanded for (behaviour.md, section 21). */
export interface TaskTemplateContext {
  readonly service: { readonly id: string; readonly name: string; readonly labels: StringMap };
  readonly node: { readonly id: string; readonly hostname: string; readonly platform: Platform };
  /** `slot` is the slot number, or the node's id for tasks without slot. */
  readonly task: { readonly id: string; readonly name: string; readonly slot: string };
}

/** What the template of a secret or config may ask for besides. Undefined: there is none. */
export interface FileTemplateContext extends TaskTemplateContext {
  secret(target: string): string | undefined;
  config(target: string): string | undefined;
  env(name: string): string | undefined;
}

type Functions = Readonly<Record<string, TemplateFunction>>;

/** The data as the reference shapes it: the type names appear in error texts. */
const dataOf = ({ service, node, task }: TaskTemplateContext): unknown =>
  struct("*template.Context", {
    Service: struct("struct { ID string; Name string; Labels map[string]string }", {
      ID: service.id,
      Name: service.name,
      Labels: service.labels,
    }),
    Node: struct("struct { ID string; Hostname string; Platform template.Platform }", {
      ID: node.id,
      Hostname: node.hostname,
      Platform: struct("template.Platform", {
        Architecture: node.platform.Architecture ?? "",
        OS: node.platform.OS ?? "",
      }),
    }),
    Task: struct("struct { ID string; Name string; Slot string }", {
      ID: task.id,
      Name: task.name,
      Slot: task.slot,
    }),
  });

/** `join "-" "a" "b"`: unlike the docker command's, the separator comes first. */
const taskFunctions: Functions = {
  join: (separator, ...items) => items.map(requireString).join(requireString(separator)),
};

const expand = (text: string, data: unknown, functions: Functions): string =>
  text.includes("{{")
    ? parseTemplate("expansion", text, functions, { missingKey: "error" }).execute(data)
    : text;

/** Runs `work`; what it throws gets `doing` in front. */
const during = <T>(doing: string, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    throw new OperationError("invalid-parameter", `${doing}: ${messageOf(error)}`);
  }
};

const expandEnv = (entry: string, data: unknown): string => {
  const at = entry.indexOf("=");
  if (at < 0) return entry;
  return during(`expanding env ${JSON.stringify(entry)}`, () => {
    const value = expand(entry.slice(at + 1), data, taskFunctions);
    return `${entry.slice(0, at)}=${value}`;
  });
};

const expandMap = (map: StringMap, data: unknown, what: string): StringMap =>
  Object.fromEntries(
    Object.entries(map).map(([key, text]) => [
      key,
      during(`expanding ${what} ${JSON.stringify(text)}`, () => expand(text, data, taskFunctions)),
    ]),
  );

const expandMount = (mount: Mount, data: unknown): Mount => {
  const part = (what: string, text: string): string =>
    during(`expanding mount ${what} ${JSON.stringify(text)}`, () =>
      expand(text, data, taskFunctions),
    );
  const { Source, Target, VolumeOptions: volume } = mount;
  const { Labels, DriverConfig } = volume ?? {};
  return {
    ...mount,
    ...(Source === undefined ? {} : { Source: part("source", Source) }),
    ...(Target === undefined ? {} : { Target: part("target", Target) }),
    ...(volume && {
      VolumeOptions: {
        ...volume,
        ...(Labels && { Labels: expandMap(Labels, data, "volume label") }),
        ...(DriverConfig && {
          DriverConfig: {
            ...DriverConfig,
            ...(DriverConfig.Options && {
              Options: expandMap(DriverConfig.Options, data, "volume driver option"),
            }),
          },
        }),
      },
    }),
  };
};

/**
 * Expands what may hold templates in a container: values of the environment, hostname, mounts
 * (source, target, volume labels, driver options).
 * @throws OperationError `invalid-parameter`: `expanding env failed: expanding env "X={{.Y}}": template: ...`.
 */
export const expandContainer = (
  container: ContainerSpec,
  context: TaskTemplateContext,
): ContainerSpec => {
  const data = dataOf(context);
  const { Env, Hostname, Mounts } = container;
  return {
    ...container,
    ...(Env && {
      Env: during("expanding env failed", () => Env.map((entry) => expandEnv(entry, data))),
    }),
    ...(Mounts && {
      Mounts: during("expanding mounts failed", () =>
        Mounts.map((mount) => expandMount(mount, data)),
      ),
    }),
    ...(Hostname !== undefined && {
      Hostname: during("expanding hostname failed", () => expand(Hostname, data, taskFunctions)),
    }),
  };
};

const lookUp =
  (what: string, get: (name: string) => string | undefined): TemplateFunction =>
  (target) => {
    const value = get(requireString(target));
    if (value === undefined) throw new Error(`${what} target ${requireString(target)} not found`);
    return value;
  };

/**
 * Expands the content of a secret or config whose templating driver is `golang`: besides what
 * containers have, `secret "target"`, `config "target"` and `env "NAME"` (empty when not set).
 * @throws OperationError `invalid-parameter` with Go's text.
 */
export const expandFile = (text: string, context: FileTemplateContext): string => {
  const functions: Functions = {
    ...taskFunctions,
    secret: lookUp("secret", (target) => context.secret(target)),
    config: lookUp("config", (target) => context.config(target)),
    env: (name) => context.env(requireString(name)) ?? "",
  };
  return during("expanding template failed", () => expand(text, dataOf(context), functions));
};
