import type { Node } from "@skein/wire";
import type { Run } from "../../command/spec.ts";
import type { Shape } from "../../gotypes/shape.ts";
import { inspectFormat } from "../../flags/common.ts";
import { printObjects } from "../../output/inspect.ts";
import { prettyFlag } from "../list-flags.ts";
import { nodeReference } from "../self.ts";
import { prettyNode } from "./pretty.ts";

const shape = async (): Promise<Shape> => (await import("../../gotypes/service.ts")).nodeShape;

/** `skein node inspect`. */
export const run: Run = async (context, flags, args) => {
  const client = context.client();
  const format = flags.get(inspectFormat) ?? "";
  const lookup = async (ref: string): Promise<string> =>
    client.nodes.inspectText(await nodeReference(client, ref));
  if (!flags.on(prettyFlag)) return printObjects(context, args, format, { lookup, shape });
  const pages: string[] = [];
  for (const ref of args)
    // The first error ends the command.
    pages.push(`${prettyNode(JSON.parse(await lookup(ref)) as Node)}\n`);
  context.out(pages.join(""));
};
