import { CommandError } from "../command/errors.ts";
import type { Context } from "../command/spec.ts";
import type { Shape } from "../gotypes/shape.ts";
import { indentJson } from "./json.ts";
import { describeError } from "./report.ts";

/** Looks an object up and gives the JSON text that the daemon sent. */
type Lookup = (ref: string) => Promise<string>;

/** A kind of object that can be inspected. */
export interface ObjectKind {
  readonly lookup: Lookup;
  /** Loads the Go type that templates see. */
  readonly shape: () => Promise<Shape>;
}

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

const render = async (
  texts: readonly string[],
  format: string,
  shape: () => Promise<Shape>,
): Promise<string> => {
  if (format === "") return `${indentJson(`[${texts.join(",")}]`)}\n`;
  if (format === "json") return `[${texts.join(",")}]\n`;
  const { compileTemplate } = await import("./template.ts");
  const template = compileTemplate(format);
  const toGo = await shape();
  return texts.map((text) => `${template.execute(toGo(JSON.parse(text)))}\n`).join("") || "\n";
};

/**
 * Writes objects as indented JSON or through a template. Those that exist are written even when
 * others fail. Throws CommandError with a line per failure.
 */
export const printObjects = async (
  context: Context,
  refs: readonly string[],
  format: string,
  { lookup, shape }: ObjectKind,
): Promise<void> => {
  const { texts, failures } = await lookUp(refs, lookup);
  context.out(await render(texts, format, shape));
  if (failures.length > 0) throw new CommandError(failures.join("\n"));
};
