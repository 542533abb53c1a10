import type { Client } from "@skein/sdk";
import type {
  ConfigReference,
  ContainerSpec,
  CredentialSpec,
  NetworkAttachmentConfig,
  ServiceSpec,
} from "@skein/wire";
import { CommandError } from "../../command/errors.ts";
import type { Flags } from "../../command/flag.ts";
import { resolveConfigs, resolveNetworks, resolveSecrets } from "./lookups.ts";
import { updateFlags } from "./update-flags.ts";

const { container, files, network } = updateFlags;

const changeNetworks = async (
  client: Client,
  spec: ServiceSpec,
  flags: Flags,
): Promise<ServiceSpec> => {
  if (!flags.changed(network.networkAdd, network.networkRm)) return spec;
  const { Networks: older, ...rest } = spec;
  const { Networks: own, ...task } = spec.TaskTemplate;
  const present = own && own.length > 0 ? own : (older ?? []);
  const removed = await resolveNetworks(
    client,
    flags.all(network.networkRm).map((Target) => ({ Target })),
  );
  const gone = new Set(removed.map(({ Target }) => Target));
  const kept = present.filter(({ Target }) => !gone.has(Target));
  const added = await addNetworks(client, kept, flags.all(network.networkAdd));
  const networks = [...kept, ...added].toSorted((a, b) =>
    (a.Target ?? "") < (b.Target ?? "") ? -1 : 1,
  );
  return {
    ...rest,
    TaskTemplate: { ...task, ...(networks.length > 0 ? { Networks: networks } : {}) },
  };
};

const addNetworks = async (
  client: Client,
  kept: readonly NetworkAttachmentConfig[],
  wanted: readonly NetworkAttachmentConfig[],
): Promise<readonly NetworkAttachmentConfig[]> => {
  const known = new Set(kept.map(({ Target }) => Target));
  const added: NetworkAttachmentConfig[] = [];
  for (const attachment of wanted) {
    // The first unknown network is the error.
    const [resolved = attachment] = await resolveNetworks(client, [attachment]);
    if (known.has(resolved.Target))
      throw new CommandError(`service is already attached to network ${attachment.Target}`);
    known.add(resolved.Target);
    added.push(resolved);
  }
  return added;
};

/** Configs that stay; one that a credential spec uses stays as long as that does. */
const keptConfigs = (spec: ContainerSpec, flags: Flags): readonly ConfigReference[] => {
  const removed = flags.all(files.configRm);
  const wanted = flags.get(container.credentialSpec);
  const present = wanted ? undefined : spec.Privileges?.CredentialSpec?.Config;
  return (spec.Configs ?? []).filter(({ Runtime, ConfigName, ConfigID }) =>
    Runtime ? ConfigName === wanted?.Config || ConfigID === present : !removed.includes(ConfigName),
  );
};

const changeConfigs = async (
  client: Client,
  spec: ContainerSpec,
  flags: Flags,
): Promise<readonly ConfigReference[]> => {
  const kept = keptConfigs(spec, flags);
  const name = flags.get(container.credentialSpec)?.Config;
  const runtime: readonly ConfigReference[] = name
    ? [{ ConfigID: "", ConfigName: name, Runtime: {} }]
    : [];
  const added = await resolveConfigs(client, [...flags.all(files.configAdd), ...runtime]);
  const again = new Set(runtime.map(({ ConfigName }) => ConfigName));
  return [
    ...kept.filter(({ Runtime, ConfigName }) => !Runtime || !again.has(ConfigName)),
    ...added,
  ];
};

const changePrivileges = (
  { Privileges: present }: ContainerSpec,
  wanted: CredentialSpec | undefined,
  configs: readonly ConfigReference[],
): ContainerSpec["Privileges"] => {
  if (!wanted) return present;
  const base = present ?? { CredentialSpec: null, SELinuxContext: null, NoNewPrivileges: false };
  if (!wanted.Config && !wanted.File && !wanted.Registry)
    return present ? { ...base, CredentialSpec: null } : undefined;
  const config = configs.find(({ ConfigName }) => ConfigName === wanted.Config);
  const Config = config?.ConfigID ?? wanted.Config;
  return { ...base, CredentialSpec: { ...wanted, Config } };
};

/** The networks, secrets and configs of a service after `service update`. */
export const changeReferences = async (
  client: Client,
  given: ServiceSpec,
  flags: Flags,
): Promise<ServiceSpec> => {
  const spec = await changeNetworks(client, given, flags);
  const { Secrets, Configs, Privileges, ...rest } = spec.TaskTemplate.ContainerSpec ?? {};
  const old: ContainerSpec = {
    ...(Configs ? { Configs } : {}),
    ...(Privileges ? { Privileges } : {}),
  };
  const removed = flags.all(files.secretRm);
  const secrets = [
    ...(Secrets ?? []).filter(({ SecretName }) => !removed.includes(SecretName)),
    ...(await resolveSecrets(client, flags.all(files.secretAdd))),
  ];
  const configs = await changeConfigs(client, old, flags);
  const privileges = changePrivileges(old, flags.get(container.credentialSpec), configs);
  return {
    ...spec,
    TaskTemplate: {
      ...spec.TaskTemplate,
      ContainerSpec: {
        ...rest,
        ...(secrets.length > 0 ? { Secrets: secrets } : {}),
        ...(configs.length > 0 ? { Configs: configs } : {}),
        ...(privileges ? { Privileges: privileges } : {}),
      },
    },
  };
};
