import type { GenericResource } from "@skein/wire";
import { CommandError } from "../../command/errors.ts";

const invalid = (reason: string): CommandError =>
  new CommandError(`invalid generic resource specification: ${reason}`);

/**
 * Resources from `NAME=COUNT` texts. Throws CommandError for
 * what is no count: named resources cannot be asked for.
 */
export const parseGenericResources = (texts: readonly string[]): readonly GenericResource[] => {
  const counts = new Map<string, number>();
  for (const text of texts) {
    const match = /^([^\s=]+)=([^\s=,]+)$/.exec(text.trim());
    const [, kind = "", value = ""] = match ?? [];
    if (!match)
      throw invalid(
        `could not parse GenericResource: incorrect term ${text}, missing '=' or malformed expression`,
      );
    if (counts.has(kind))
      throw invalid(
        `could not parse GenericResource: mixed discrete and named resources in expression '${kind}=[${counts.get(kind)} ${value}]'`,
      );
    if (!/^-?\d+$/.test(value))
      throw new CommandError(
        `invalid generic-resource request \`${kind}=${value}\`, Named Generic Resources is not supported for service create or update`,
      );
    if (Number(value) < 0)
      throw invalid(`could not parse GenericResource: cannot ask for negative resource ${kind}`);
    counts.set(kind, Number(value));
  }
  return [...counts].map(([Kind, Value]) => ({ DiscreteResourceSpec: { Kind, Value } }));
};

const kindOf = ({ DiscreteResourceSpec: discrete }: GenericResource): string => {
  if (!discrete) throw new CommandError("invalid generic-resource for service task");
  return discrete.Kind ?? "";
};

/** The resources of a service after `--generic-resource-add` and `--generic-resource-rm`. */
export const changeGenericResources = (
  present: readonly GenericResource[],
  add: readonly string[],
  remove: readonly string[],
): readonly GenericResource[] => {
  const resources = new Map(present.map((resource) => [kindOf(resource), resource]));
  for (const resource of parseGenericResources(add)) resources.set(kindOf(resource), resource);
  for (const kind of remove)
    if (!resources.delete(kind))
      throw new CommandError(`could not find generic-resource \`${kind}\` to remove it`);
  return [...resources.values()];
};
