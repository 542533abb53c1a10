import type { Client } from "@skein/sdk";
import type { ConfigReference, NetworkAttachmentConfig, SecretReference } from "@skein/wire";
import { CommandError } from "../../command/errors.ts";

/** Networks by name or id get their ids; sorted by id. */
export const resolveNetworks = async (
  client: Client,
  networks: readonly NetworkAttachmentConfig[],
): Promise<readonly NetworkAttachmentConfig[]> => {
  const resolved: NetworkAttachmentConfig[] = [];
  for (const network of networks) {
    // The first unknown network is the error.
    const { Id } = await client.networks.inspect(network.Target ?? "", "swarm");
    resolved.push({ ...network, Target: Id });
  }
  return resolved.toSorted((a, b) => ((a.Target ?? "") < (b.Target ?? "") ? -1 : 1));
};

const checkTargets = (
  kind: string,
  files: readonly (readonly [name: string, target: string])[],
) => {
  const seen = new Set<string>();
  for (const [name, target] of files) {
    if (seen.has(target))
      throw new CommandError(`duplicate ${kind} target for ${name} not allowed`);
    seen.add(target);
  }
};

const idByName = (
  found: readonly { readonly ID: string; readonly Spec: { readonly Name?: string } }[],
  kind: string,
) => {
  const ids = new Map(found.map(({ ID, Spec }) => [Spec.Name ?? "", ID]));
  return (name: string): string => {
    const id = ids.get(name);
    if (id === undefined) throw new CommandError(`${kind} not found: ${name}`);
    return id;
  };
};

/** Secrets by name get their ids. Throws CommandError for unknown ones and for equal targets. */
export const resolveSecrets = async (
  client: Client,
  secrets: readonly SecretReference[],
): Promise<readonly SecretReference[]> => {
  if (secrets.length === 0) return [];
  checkTargets(
    "secret",
    secrets.map(({ SecretName, File }) => [SecretName, File?.Name ?? ""]),
  );
  const name = secrets.map(({ SecretName }) => SecretName);
  const idOf = idByName(await client.secrets.list({ name }), "secret");
  return secrets.map((secret) => ({ ...secret, SecretID: idOf(secret.SecretName) }));
};

/** Configs by name get their ids. Throws CommandError for unknown ones and for equal targets. */
export const resolveConfigs = async (
  client: Client,
  configs: readonly ConfigReference[],
): Promise<readonly ConfigReference[]> => {
  if (configs.length === 0) return [];
  const files = configs.filter(({ Runtime }) => !Runtime);
  checkTargets(
    "config",
    files.map(({ ConfigName, File }) => [ConfigName, File?.Name ?? ""]),
  );
  const name = configs.map(({ ConfigName }) => ConfigName);
  const idOf = idByName(await client.configs.list({ name }), "config");
  return configs.map((config) => ({ ...config, ConfigID: idOf(config.ConfigName) }));
};
