import type { Client } from "@skein/sdk";
import type { ConfigReference, CredentialSpec, ServiceSpec } from "@skein/wire";
import type { Flags } from "../../command/flag.ts";
import type { Run } from "../../command/spec.ts";
import { createFlags } from "./create-flags.ts";
import { specFromFlags } from "./create-spec.ts";
import { resolveConfigs, resolveNetworks, resolveSecrets } from "./lookups.ts";
import { registryAuthFor } from "./registry-auth.ts";
import { pinImage } from "./registry.ts";
import { printWarnings, waitForService } from "./wait.ts";

const { service, container, own } = createFlags;

/** A credential spec that is a config needs that config, and its id in place of the name. */
const credentialConfig = (name: string | undefined): readonly ConfigReference[] =>
  name ? [{ ConfigID: "", ConfigName: name, Runtime: {} }] : [];

const withConfigId = (
  spec: CredentialSpec,
  configs: readonly ConfigReference[],
): CredentialSpec => {
  const config = configs.find(({ ConfigName }) => ConfigName === spec.Config);
  return config ? { ...spec, Config: config.ConfigID } : spec;
};

/** Puts ids in the place of names. */
const resolveNames = async (
  client: Client,
  spec: ServiceSpec,
  flags: Flags,
): Promise<ServiceSpec> => {
  const { TaskTemplate: task } = spec;
  const networks = await resolveNetworks(client, task.Networks ?? []);
  const secrets = await resolveSecrets(client, flags.all(own.secret));
  const credentials = flags.get(container.credentialSpec);
  const configs = await resolveConfigs(client, [
    ...flags.all(own.config),
    ...credentialConfig(credentials?.Config),
  ]);
  const privileges = task.ContainerSpec?.Privileges;
  return {
    ...spec,
    TaskTemplate: {
      ...task,
      ContainerSpec: {
        ...task.ContainerSpec,
        ...(secrets.length > 0 ? { Secrets: secrets } : {}),
        ...(configs.length > 0 ? { Configs: configs } : {}),
        ...(privileges && credentials
          ? { Privileges: { ...privileges, CredentialSpec: withConfigId(credentials, configs) } }
          : {}),
      },
      ...(networks.length > 0 ? { Networks: networks } : {}),
    },
  };
};

/** `skein service create`. */
export const run: Run = async (context, flags, args) => {
  const client = context.client();
  const wanted = specFromFlags(flags, args, context.environment);
  const named = await resolveNames(client, wanted, flags);
  const auth = flags.on(service.registryAuth)
    ? registryAuthFor(args[0] ?? "", context.environment)
    : undefined;
  const query = !flags.on(service.noResolveImage);
  const { spec, warnings } = await pinImage(client, named, query, auth);
  const { ID, Warnings } = await client.services.create(spec, auth);
  printWarnings(context, [...(Warnings ?? []), ...warnings]);
  context.out(`${ID}\n`);
  if (!flags.on(service.detach)) await waitForService(context, ID, flags.on(service.quiet));
};
