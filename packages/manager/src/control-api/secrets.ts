import { deepEqual, rpcError } from "@skein/base";
import type { Service } from "@skein/model";
import { validateConfigSpec, validateSecretSpec } from "@skein/model";
import type { Transaction, View } from "@skein/store";
import type { ConfigSpec, SecretSpec } from "@skein/wire";
import { checkVersion, found, inUseBy } from "./versions.ts";

/** Secrets and configs follow the same rules; this names what differs. */
interface Kind {
  readonly table: "secrets" | "configs";
  readonly word: "secret" | "config";
  readonly uses: (service: Service, id: string) => boolean;
}

const secretKind: Kind = {
  table: "secrets",
  word: "secret",
  uses: ({ spec }, id) =>
    (spec.TaskTemplate.ContainerSpec?.Secrets ?? []).some(({ SecretID }) => SecretID === id),
};

const configKind: Kind = {
  table: "configs",
  word: "config",
  uses: ({ spec }, id) =>
    (spec.TaskTemplate.ContainerSpec?.Configs ?? []).some(({ ConfigID }) => ConfigID === id),
};

const refuseTaken = (view: View, { table, word }: Kind, name: string): void => {
  if (view.byName(table, name).length > 0)
    throw rpcError("conflict", `${word} ${name} already exists`);
};

const sameButLabels = (
  before: SecretSpec | ConfigSpec,
  after: SecretSpec | ConfigSpec,
): boolean => {
  const { Labels: _, Data: oldData, ...oldRest } = before;
  const { Labels: __, Data: newData, ...newRest } = after;
  const sameData = newData === undefined || newData === "" || newData === oldData;
  return sameData && deepEqual(oldRest, newRest);
};

const updateLabels = (
  tx: Transaction,
  kind: Kind,
  input: { readonly id: string; readonly version: number; readonly spec: SecretSpec | ConfigSpec },
): void => {
  const object = found(tx.get(kind.table, input.id), kind.word, input.id);
  if (!sameButLabels(object.spec, input.spec))
    throw rpcError("invalid-parameter", "only updates to Labels are allowed");
  checkVersion(object, input.version);
  const spec = { ...object.spec, Labels: input.spec.Labels };
  tx.put(kind.table, { ...object, spec });
};

const removeUnused = (tx: Transaction, kind: Kind, id: string): void => {
  const object = found(tx.get(kind.table, id), kind.word, id);
  const users = [...tx.all("services").values()].filter((service) => kind.uses(service, id));
  if (users.length > 0) {
    const names = users.map(({ spec }) => spec.Name ?? "");
    throw rpcError("invalid-parameter", `${kind.word} '${object.spec.Name}' ${inUseBy(names)}`);
  }
  tx.delete(kind.table, id);
};

/** Adds a secret. Refuses a bad spec (invalid-parameter) and a name that is taken (conflict). */
export const createSecret = (tx: Transaction, id: string, spec: SecretSpec): void => {
  validateSecretSpec(spec);
  // Secrets come from nowhere but the cluster; the text is that of a driver that is not installed.
  if (spec.Driver) throw rpcError("unknown", `plugin "${spec.Driver.Name ?? ""}" not found`);
  refuseTaken(tx, secretKind, spec.Name ?? "");
  tx.put("secrets", { id, spec });
};

/** Adds a config, as {@link createSecret}. */
export const createConfig = (tx: Transaction, id: string, spec: ConfigSpec): void => {
  validateConfigSpec(spec);
  refuseTaken(tx, configKind, spec.Name ?? "");
  tx.put("configs", { id, spec });
};

/** Changes the labels; refuses any other difference, and a version that is not the newest. */
export const updateSecret = (
  tx: Transaction,
  input: { readonly id: string; readonly version: number; readonly spec: SecretSpec },
): void => updateLabels(tx, secretKind, input);

/** As {@link updateSecret}. */
export const updateConfig = (
  tx: Transaction,
  input: { readonly id: string; readonly version: number; readonly spec: ConfigSpec },
): void => updateLabels(tx, configKind, input);

/** Removes a secret that no service uses; otherwise refuses, naming the services. */
export const removeSecret = (tx: Transaction, id: string): void => removeUnused(tx, secretKind, id);

/** As {@link removeSecret}. */
export const removeConfig = (tx: Transaction, id: string): void => removeUnused(tx, configKind, id);
