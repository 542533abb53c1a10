import type { Command, Expression, Pipeline } from "./ast.ts";
import { describe } from "./ast.ts";
import type { TemplateFunction } from "./builtins.ts";
import { WrongType } from "./errors.ts";
import { quote } from "./token.ts";
import { isNilPointer, isObject, isTrue, structType, typeName } from "./value.ts";

/** What stays the same while a template runs. */
export interface Setting {
  readonly name: string;
  readonly text: string;
  readonly functions: Readonly<Record<string, TemplateFunction>>;
  readonly missingKey: "default" | "error";
}

/** What names mean at one place: `.`, and variables, the innermost last. */
export interface Scope {
  readonly dot: unknown;
  readonly variables: readonly { readonly name: string; value: unknown }[];
}

/** Throws Go's error text: where, in which template, at which expression, what. */
export const failAt = (setting: Setting, node: Expression | Command, message: string): never => {
  const before = setting.text.slice(0, node.at);
  const line = before.split("\n").length;
  const column = before.length - (before.lastIndexOf("\n") + 1);
  throw new Error(
    `template: ${setting.name}:${line}:${column}: executing ${quote(setting.name)} at <${describe(node)}>: ${message}`,
  );
};

/** Gives the innermost variable of the name a new value. */
export const assignVariable = (scope: Scope, name: string, value: unknown): void => {
  const variable = scope.variables.findLast((candidate) => candidate.name === name);
  if (variable) variable.value = value;
};

/** Calls a function or method; what it throws is reported at the command. */
const call = (
  setting: Setting,
  node: Expression | Command,
  name: string,
  target: TemplateFunction,
  args: readonly unknown[],
): unknown => {
  if (args.length < target.length)
    failAt(
      setting,
      node,
      `wrong number of args for ${name}: want ${target.length} got ${args.length}`,
    );
  try {
    return target(...args);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return failAt(
      setting,
      node,
      error instanceof WrongType ? text : `error calling ${name}: ${text}`,
    );
  }
};

const isFunction = (value: unknown): value is TemplateFunction => typeof value === "function";

/** The field, entry or method of a value. Only the last name of a chain takes arguments. */
const fieldOf = (
  setting: Setting,
  node: Expression,
  receiver: unknown,
  name: string,
  args: readonly unknown[],
): unknown => {
  if (receiver === undefined) {
    if (setting.missingKey === "error")
      failAt(setting, node, `nil data; no entry for key ${quote(name)}`);
    return undefined;
  }
  if (receiver === null) failAt(setting, node, `nil pointer evaluating interface {}.${name}`);
  if (isNilPointer(receiver))
    failAt(setting, node, `nil pointer evaluating ${typeName(receiver)}.${name}`);
  const value = isObject(receiver) && Object.hasOwn(receiver, name) ? receiver[name] : undefined;
  if (isFunction(value)) return call(setting, node, name, value.bind(receiver), args);
  const exists = isObject(receiver) && Object.hasOwn(receiver, name);
  const isMap = isObject(receiver) && structType(receiver) === undefined;
  if (!exists && !isMap)
    failAt(setting, node, `can't evaluate field ${name} in type ${typeName(receiver)}`);
  if (args.length > 0)
    failAt(setting, node, `${name} has arguments but cannot be invoked as function`);
  if (!exists && setting.missingKey === "error")
    failAt(setting, node, `map has no entry for key ${quote(name)}`);
  return value;
};

const fieldChain = (
  setting: Setting,
  node: Expression,
  receiver: unknown,
  names: readonly string[],
  args: readonly unknown[],
): unknown =>
  names.reduce<unknown>(
    (value, name, index) =>
      fieldOf(setting, node, value, name, index === names.length - 1 ? args : []),
    receiver,
  );

/** `and` and `or` evaluate their arguments only until one decides. */
const shortCircuit = (
  setting: Setting,
  scope: Scope,
  command: Command,
  piped: readonly unknown[],
  stopAt: boolean,
): unknown => {
  let value: unknown;
  for (const arg of command.args.slice(1)) {
    value = evaluate(setting, scope, arg);
    if (isTrue(value) === stopAt) return value;
  }
  return piped.length > 0 ? piped[0] : value;
};

/** The receiver and names of an operand that may be a method; undefined for every other one. */
const chainOf = (
  setting: Setting,
  scope: Scope,
  operand: Expression,
): { readonly receiver: unknown; readonly names: readonly string[] } | undefined => {
  if (operand.kind === "field") return { receiver: scope.dot, names: operand.names };
  if (operand.kind === "chain")
    return { receiver: evaluate(setting, scope, operand.of), names: operand.names };
  if (operand.kind === "variable" && operand.names.length > 0)
    return { receiver: variableOf(scope, operand.name), names: operand.names };
  return undefined;
};

const evaluateCommand = (
  setting: Setting,
  scope: Scope,
  command: Command,
  piped: readonly unknown[],
): unknown => {
  const [first, ...rest] = command.args;
  if (first.kind === "identifier" && (first.name === "and" || first.name === "or"))
    return shortCircuit(setting, scope, command, piped, first.name === "or");
  const args = (): readonly unknown[] => [
    ...rest.map((arg) => evaluate(setting, scope, arg)),
    ...piped,
  ];
  if (first.kind === "identifier") {
    const target = setting.functions[first.name];
    if (!target) return failAt(setting, first, `${quote(first.name)} is not a defined function`);
    return call(setting, command, first.name, target, args());
  }
  const chain = chainOf(setting, scope, first);
  if (chain) return fieldChain(setting, first, chain.receiver, chain.names, args());
  if (rest.length > 0 || piped.length > 0)
    failAt(setting, first, `can't give argument to non-function ${describe(first)}`);
  if (first.kind === "nil") failAt(setting, first, "nil is not a command");
  return evaluate(setting, scope, first);
};

const variableOf = (scope: Scope, name: string): unknown =>
  scope.variables.findLast((candidate) => candidate.name === name)?.value;

/** The value of a pipeline. Its variables are not set here. */
export const evaluatePipeline = (setting: Setting, scope: Scope, pipeline: Pipeline): unknown => {
  let piped: readonly unknown[] = [];
  for (const command of pipeline.commands)
    piped = [evaluateCommand(setting, scope, command, piped)];
  return piped[0];
};

const evaluate = (setting: Setting, scope: Scope, expression: Expression): unknown => {
  switch (expression.kind) {
    case "dot":
      return scope.dot;
    case "nil":
      return null;
    case "bool":
    case "number":
    case "string":
      return expression.value;
    case "pipeline":
      return evaluatePipeline(setting, scope, expression);
    case "variable": {
      const value = variableOf(scope, expression.name);
      return fieldChain(setting, expression, value, expression.names, []);
    }
    case "field":
    case "chain":
    case "identifier": {
      const command: Command = { kind: "command", at: expression.at, args: [expression] };
      return evaluateCommand(setting, scope, command, []);
    }
  }
};
