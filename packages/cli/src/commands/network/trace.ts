import type { NetworkTrace } from "@skein/wire";
import { CommandError } from "../../command/errors.ts";
import type { Run } from "../../command/spec.ts";
import { goJson } from "../../output/json.ts";
import { alignTabs } from "../../output/table.ts";
import { jsonFormat } from "./flags.ts";

/** The hops of a way, each with what is so there and what to do. */
export const traceText = ({ Source, Destination, Hops }: NetworkTrace): string => {
  const lines = Hops.map(
    ({ Status, Name, Node, Detail, Advice }) =>
      `  ${Status}\t${Name}\t${Node === "" ? "-" : Node}\t${Detail}\n` +
      (Advice === "" ? "" : `  \t\t\t-> ${Advice}\n`),
  );
  return `${Source} -> ${Destination}\n${alignTabs(lines.join(""))}`;
};

const first = ({ Hops }: NetworkTrace): string => {
  const hop = Hops.find(({ Status }) => Status === "broken");
  return hop ? `broken at "${hop.Name}": ${hop.Detail}` : "the destination was not reached";
};

/** `skein network trace A B 8080`; an arrow between the two does no harm. Fails when the way is broken. */
export const run: Run = async (context, flags, args) => {
  const format = flags.get(jsonFormat) ?? "";
  if (format !== "" && format !== "json")
    throw new CommandError(`unknown format "${format}": use json, or leave it out`);
  const [source = "", destination, port, ...more] = args.filter((word) => word !== "->");
  if (destination === undefined || more.length > 0)
    throw new CommandError("name a source, a destination and, if you like, a port");
  const trace = await context.client().diagnosis.trace({
    source,
    destination,
    ...(port === undefined ? {} : { port }),
  });
  context.out(format === "json" ? `${goJson(trace)}\n` : traceText(trace));
  if (!trace.Reached) throw new CommandError(first(trace));
};
