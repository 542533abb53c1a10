/** Something that has a value. `at` is the offset that error texts show. */
export type Expression =
  | { readonly kind: "dot"; readonly at: number }
  | { readonly kind: "nil"; readonly at: number }
  | { readonly kind: "bool"; readonly at: number; readonly value: boolean }
  | { readonly kind: "number"; readonly at: number; readonly text: string; readonly value: number }
  | { readonly kind: "string"; readonly at: number; readonly text: string; readonly value: string }
  | { readonly kind: "field"; readonly at: number; readonly names: readonly string[] }
  | {
      readonly kind: "variable";
      readonly at: number;
      readonly name: string;
      readonly names: readonly string[];
    }
  | {
      readonly kind: "chain";
      readonly at: number;
      readonly of: Expression;
      readonly names: readonly string[];
    }
  | { readonly kind: "identifier"; readonly at: number; readonly name: string }
  | Pipeline;

/** A function or method with its arguments, or a single operand. */
export interface Command {
  readonly kind: "command";
  readonly at: number;
  readonly args: readonly [Expression, ...Expression[]];
}

/** Commands, each of which gets the value of the one before as its last argument. */
export interface Pipeline {
  readonly kind: "pipeline";
  readonly at: number;
  /** Variables that take the value: one, or two in `range`. */
  readonly variables: readonly string[];
  readonly assigns: boolean;
  readonly commands: readonly Command[];
}

/** A structure with a body: `if` and `with` choose, `range` repeats. */
export interface Control {
  readonly kind: "if" | "with" | "range";
  readonly pipeline: Pipeline;
  readonly body: readonly Statement[];
  readonly otherwise: readonly Statement[];
}

/** A piece of a template. */
export type Statement =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly pipeline: Pipeline }
  | Control
  | { readonly kind: "break" }
  | { readonly kind: "continue" };

const fields = (names: readonly string[]): string => names.map((name) => `.${name}`).join("");

/** An expression or command as error texts show it. */
export const describe = (node: Expression | Command): string => {
  switch (node.kind) {
    case "dot":
      return ".";
    case "nil":
      return "nil";
    case "bool":
      return String(node.value);
    case "number":
    case "string":
      return node.text;
    case "field":
      return fields(node.names);
    case "variable":
      return node.name + fields(node.names);
    case "identifier":
      return node.name;
    case "chain":
      return `${node.of.kind === "pipeline" ? `(${describe(node.of)})` : describe(node.of)}${fields(node.names)}`;
    case "command":
      return node.args
        .map((arg) => (arg.kind === "pipeline" ? `(${describe(arg)})` : describe(arg)))
        .join(" ");
    case "pipeline": {
      const target =
        node.variables.length === 0
          ? ""
          : `${node.variables.join(", ")} ${node.assigns ? "=" : ":="} `;
      return target + node.commands.map(describe).join(" | ");
    }
  }
};
