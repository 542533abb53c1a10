import { readFileSync } from "node:fs";
import { CommandError } from "../../command/errors.ts";
import { cut } from "../../flags/csv.ts";

const reasonOf = (error: unknown): string => {
  const code = error instanceof Error && "code" in error ? error.code : "";
  if (code === "ENOENT") return "no such file or directory";
  return code === "EACCES" ? "permission denied" : String(error);
};

/** A line of an environment file, or undefined for one that says nothing. */
const parseLine = (line: string, path: string, environment: NodeJS.ProcessEnv) => {
  const trimmed = line.replace(/^\s+/, "");
  if (trimmed === "" || trimmed.startsWith("#")) return undefined;
  const [key, value] = cut(trimmed);
  if (key === "")
    throw new CommandError(`invalid env file (${path}): no variable name on line '${trimmed}'`);
  if (/\s/.test(key))
    throw new CommandError(`invalid env file (${path}): variable '${key}' contains whitespaces`);
  if (value !== undefined) return trimmed;
  const own = environment[key];
  return own === undefined ? undefined : `${key}=${own}`;
};

const readFile = (path: string, environment: NodeJS.ProcessEnv): readonly string[] => {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new CommandError(`open ${path}: ${reasonOf(error)}`);
  }
  return text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((line) => parseLine(line, path, environment))
    .filter((entry) => entry !== undefined);
};

/**
 * The environment of a container from `--env-file` and then `--env`: a later value of a name
 * takes the former's place at the end. Throws CommandError for files that cannot be used.
 */
export const collectEnv = (
  files: readonly string[],
  entries: readonly string[],
  environment: NodeJS.ProcessEnv,
): readonly string[] => {
  let result: readonly string[] = [];
  for (const entry of [...files.flatMap((path) => readFile(path, environment)), ...entries]) {
    const [key] = cut(entry);
    const others = result.filter((old) => old === entry || !old.startsWith(`${key}=`));
    result = [...others, entry];
  }
  return result;
};
