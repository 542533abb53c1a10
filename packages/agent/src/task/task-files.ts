import { OperationError } from "@skein/base";
import type { FileTemplateContext, TaskTemplateContext } from "@skein/model";
import type { ConfigSpec, ContainerSpec, Driver, FileTarget, SecretSpec } from "@skein/wire";
import { decodeBase64 } from "@skein/wire";
import type { Templates, WorkloadFile } from "../ports.ts";
import type { FileSource } from "../worker/files.ts";
import { missingFile } from "../worker/files.ts";

interface Reference {
  readonly kind: "secret" | "config";
  readonly name: string;
  readonly file: FileTarget;
  readonly path: string;
  readonly spec: SecretSpec | ConfigSpec;
}

const absolute = (directory: string, target: string): string =>
  target.startsWith("/") ? target : `${directory}/${target}`;

const references = (container: ContainerSpec, source: FileSource): readonly Reference[] => {
  const found: Reference[] = [];
  for (const { File, SecretID, SecretName } of container.Secrets ?? []) {
    const spec = source.secret(SecretID);
    if (!File) continue;
    if (!spec) throw missingFile("secret", SecretName);
    const path = absolute("/run/secrets", File.Name);
    found.push({ kind: "secret", name: SecretName, file: File, path, spec });
  }
  for (const { File, ConfigID, ConfigName } of container.Configs ?? []) {
    const spec = source.config(ConfigID);
    if (!File) continue;
    if (!spec) throw missingFile("config", ConfigName);
    const path = absolute("", File.Name);
    found.push({ kind: "config", name: ConfigName, file: File, path, spec });
  }
  return found;
};

const ownerId = (text: string, { kind, name }: Reference): number => {
  if (text === "") return 0;
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new OperationError("invalid-parameter", `${kind} ${name}: invalid owner "${text}"`);
};

const text = (spec: SecretSpec | ConfigSpec): string =>
  new TextDecoder().decode(decodeBase64(spec.Data ?? ""));

/** Only `golang` is a templating driver; without one the content is taken as it is. */
const isTemplate = (driver: Driver | undefined, { kind, name }: Reference): boolean => {
  const driverName = driver?.Name ?? "";
  if (driverName === "" || driverName === "golang") return driverName === "golang";
  throw new OperationError(
    "invalid-parameter",
    `${kind} ${name}: unrecognized template type: ${driverName}`,
  );
};

const lookups = (
  context: TaskTemplateContext,
  container: ContainerSpec,
  all: readonly Reference[],
): FileTemplateContext => {
  const find = (kind: Reference["kind"], target: string): string | undefined => {
    const reference = all.find((one) => one.kind === kind && one.file.Name === target);
    return reference && text(reference.spec);
  };
  return {
    ...context,
    secret: (target) => find("secret", target),
    config: (target) => find("config", target),
    env: (name) =>
      container.Env?.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1),
  };
};

/**
 * The secrets and configs of a task as files. `container` must have its templates expanded.
 * Throws when one is not there, has no number for an owner, or is a template that fails.
 */
export const taskFiles = (
  container: ContainerSpec,
  source: FileSource,
  templates: Templates,
  context: TaskTemplateContext,
): readonly WorkloadFile[] => {
  const all = references(container, source);
  const lookup = lookups(context, container, all);
  return all.map((reference) => ({
    target: reference.path,
    uid: ownerId(reference.file.UID, reference),
    gid: ownerId(reference.file.GID, reference),
    mode: reference.file.Mode & 0o7777,
    data: isTemplate(reference.spec.Templating, reference)
      ? new TextEncoder().encode(templates.expandFile(text(reference.spec), lookup))
      : decodeBase64(reference.spec.Data ?? ""),
  }));
};
