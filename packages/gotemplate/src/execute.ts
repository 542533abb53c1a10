import type { Control, Pipeline, Statement } from "./ast.ts";
import type { Scope, Setting } from "./evaluate.ts";
import { assignVariable, evaluatePipeline, failAt } from "./evaluate.ts";
import { format, isObject, isTrue, structType } from "./value.ts";

/** Why a list of statements stopped before its end. */
type Exit = "break" | "continue" | undefined;

const withVariable = (
  scope: Scope,
  names: readonly string[],
  values: readonly unknown[],
): Scope => {
  const variables = names.map((name, index) => ({ name, value: values[index] }));
  return { ...scope, variables: [...scope.variables, ...variables] };
};

const pairsOf = (
  setting: Setting,
  pipeline: Pipeline,
  value: unknown,
): readonly (readonly [unknown, unknown])[] => {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return [...value.entries()];
  if (typeof value === "number" && Number.isInteger(value))
    return Array.from({ length: Math.max(0, value) }, (_, index) => [index, index] as const);
  if (isObject(value) && structType(value) === undefined)
    return Object.keys(value)
      .toSorted()
      .map((key) => [key, value[key]] as const);
  return failAt(setting, pipeline, `range can't iterate over ${format(value)}`);
};

/** Runs the pieces of a template one after the other; what they print goes to `setting.print`. */
class Execution {
  readonly #setting: Setting;
  readonly #print: (text: string) => void;

  constructor(setting: Setting, print: (text: string) => void) {
    this.#setting = setting;
    this.#print = print;
  }

  run(statements: readonly Statement[], outer: Scope): Exit {
    let scope = outer;
    for (const statement of statements) {
      if (statement.kind === "break" || statement.kind === "continue") return statement.kind;
      if (statement.kind === "text") this.#print(statement.text);
      else if (statement.kind === "action") scope = this.#action(statement.pipeline, scope);
      else {
        const exit =
          statement.kind === "range"
            ? this.#range(statement, scope)
            : this.#choose(statement, scope);
        if (exit !== undefined) return exit;
      }
    }
    return undefined;
  }

  #action(pipeline: Pipeline, scope: Scope): Scope {
    const value = evaluatePipeline(this.#setting, scope, pipeline);
    if (pipeline.variables.length === 0) {
      this.#print(value === null || value === undefined ? "<no value>" : format(value));
      return scope;
    }
    return this.#bind(pipeline, scope, [value]);
  }

  #bind(pipeline: Pipeline, scope: Scope, values: readonly unknown[]): Scope {
    if (!pipeline.assigns) return withVariable(scope, pipeline.variables, values);
    for (const [index, name] of pipeline.variables.entries())
      assignVariable(scope, name, values[index]);
    return scope;
  }

  #choose(statement: Control, scope: Scope): Exit {
    const { pipeline } = statement;
    const value = evaluatePipeline(this.#setting, scope, pipeline);
    const bound = this.#bind(pipeline, scope, [value]);
    if (!isTrue(value)) return this.run(statement.otherwise, bound);
    return this.run(statement.body, statement.kind === "with" ? { ...bound, dot: value } : bound);
  }

  #range(statement: Control, scope: Scope): Exit {
    const { pipeline } = statement;
    const value = evaluatePipeline(this.#setting, scope, pipeline);
    const pairs = pairsOf(this.#setting, pipeline, value);
    if (pairs.length === 0) return this.run(statement.otherwise, scope);
    for (const [key, item] of pairs) {
      const bound = this.#bind(
        pipeline,
        scope,
        pipeline.variables.length === 1 ? [item] : [key, item],
      );
      if (this.run(statement.body, { ...bound, dot: item }) === "break") break;
    }
    return undefined;
  }
}

/** Runs a whole template and returns what it printed. */
export const execute = (
  setting: Setting,
  statements: readonly Statement[],
  data: unknown,
): string => {
  const parts: string[] = [];
  const execution = new Execution(setting, (text) => parts.push(text));
  execution.run(statements, { dot: data, variables: [{ name: "$", value: data }] });
  return parts.join("");
};
