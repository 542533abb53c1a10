import { ApiError } from "@skein/sdk";
import type { Client } from "@skein/sdk";
import type { Service } from "@skein/wire";
import { CommandError } from "../../command/errors.ts";
import type { Run } from "../../command/spec.ts";
import type { Shape } from "../../gotypes/shape.ts";
import { inspectFormat } from "../../flags/common.ts";
import { printObjects } from "../../output/inspect.ts";
import { prettyFlag } from "../list-flags.ts";
import { prettyService } from "./pretty.ts";

const lookup = async (client: Client, ref: string): Promise<string> => {
  try {
    return await client.services.inspectText(ref, true);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404)
      throw new CommandError(`Error: no such service: ${ref}`);
    throw error;
  }
};

/** The names of a service's networks; the id of one that is gone. */
const networkNames = (client: Client, { Spec }: Service): Promise<readonly string[]> =>
  Promise.all(
    (Spec.TaskTemplate.Networks ?? []).map(async ({ Target = "" }) => {
      try {
        return (await client.networks.inspect(Target)).Name;
      } catch {
        return Target;
      }
    }),
  );

const shape = async (): Promise<Shape> => (await import("../../gotypes/service.ts")).serviceShape;

/** `skein service inspect`. */
export const run: Run = async (context, flags, args) => {
  const client = context.client();
  const format = flags.get(inspectFormat) ?? "";
  const kind = { lookup: (ref: string) => lookup(client, ref), shape };
  if (!flags.on(prettyFlag)) return printObjects(context, args, format, kind);
  if (format !== "") throw new CommandError("--format is incompatible with human friendly format");
  const pages: string[] = [];
  for (const ref of args) {
    // The first error ends the command.
    const service = JSON.parse(await lookup(client, ref)) as Service;
    const networks = await networkNames(client, service);
    pages.push(`${prettyService(service, networks, context.clock.now())}\n`);
  }
  context.out(pages.join(""));
};
