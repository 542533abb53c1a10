import { modify } from "@skein/sdk";
import type { Service, ServiceUpdateResponse } from "@skein/wire";
import { CommandError } from "../../command/errors.ts";
import type { Flags } from "../../command/flag.ts";
import type { Context, Run } from "../../command/spec.ts";
import { registryAuthFor } from "./registry-auth.ts";
import { pinImage } from "./registry.ts";
import { updateFlags } from "./update-flags.ts";
import { changeReferences } from "./update-references.ts";
import { changeSpec } from "./update-spec.ts";
import { RETRIES, printWarnings, waitForService } from "./wait.ts";

const { service: known, metadata } = updateFlags;

const write = async (
  context: Context,
  service: Service,
  flags: Flags,
): Promise<ServiceUpdateResponse> => {
  const client = context.client();
  const changed = await changeReferences(client, changeSpec(service.Spec, flags), flags);
  const auth = flags.on(known.registryAuth)
    ? registryAuthFor(changed.TaskTemplate.ContainerSpec?.Image ?? "", context.environment)
    : undefined;
  const query = flags.changed(metadata.image) && !flags.on(known.noResolveImage);
  const { spec, warnings } = await pinImage(client, changed, query, auth);
  const answer = await client.services.update(service.ID, service.Version.Index ?? 0, spec, {
    rollback: flags.on(metadata.rollback),
    ...(auth === undefined ? { registryAuthFrom: "spec" } : { registryAuth: auth }),
  });
  return { Warnings: [...(answer.Warnings ?? []), ...warnings] };
};

const checkRollback = (flags: Flags): void => {
  const allowed = new Set<unknown>([metadata.rollback, known.detach, known.quiet]);
  if (flags.on(metadata.rollback) && flags.given().some((flag) => !allowed.has(flag)))
    throw new CommandError("other flags may not be combined with --rollback");
};

/** `skein service update`. */
export const run: Run = async (context, flags, [ref = ""]) => {
  const { services } = context.client();
  const answer = await modify(
    () => services.inspect(ref),
    (service) => {
      checkRollback(flags);
      return write(context, service, flags);
    },
    { clock: context.clock, ...RETRIES },
  );
  printWarnings(context, answer.Warnings);
  context.out(`${ref}\n`);
  if (!flags.on(known.detach)) await waitForService(context, ref, flags.on(known.quiet));
};
