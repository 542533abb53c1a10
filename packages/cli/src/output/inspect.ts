import { CommandError } from "../command/errors.ts";
import type { Context } from "../command/spec.ts";
import { goJson, indentJson } from "./json.ts";
import { describeError } from "./report.ts";

/** Looks an object up and gives the JSON text that the daemon sent. */
export type Lookup = (ref: string) => Promise<string>;

interface Found {
  readonly texts: readonly string[];
  readonly failures: readonly string[];
}

const lookUp = async (refs: readonly string[], lookup: Lookup): Promise<Found> => {
  const texts: string[] = [];
  const failures: string[] = [];
  for (const ref of refs)
    try {
      // One after the other: the output keeps the order, and so do the errors.
      texts.push((await lookup(ref)).trim());
    } catch (error) {
      failures.push(describeError(error));
    }
  return { texts, failures };
};

const render = async (texts: readonly string[], format: string): Promise<string> => {
  if (format === "") return `${indentJson(`[${texts.join(",")}]`)}\n`;
  if (format === "json") return texts.map((text) => `${goJson(JSON.parse(text))}\n`).join("");
  const { compileTemplate } = await import("./template.ts");
  const template = compileTemplate(format);
  return texts.map((text) => `${template.execute(JSON.parse(text))}\n`).join("") || "\n";
};

/**
 * Writes objects as indented JSON or through a template. Those that exist are written even when
 * others fail. Throws CommandError with a line per failure.
 */
export const printObjects = async (
  context: Context,
  refs: readonly string[],
  format: string,
  lookup: Lookup,
): Promise<void> => {
  const { texts, failures } = await lookUp(refs, lookup);
  context.out(await render(texts, format));
  if (failures.length > 0) throw new CommandError(failures.join("\n"));
};
