import { rpcError } from "@skein/base";
import { containsAddress } from "./ip-range.ts";
import type { Node } from "./objects.ts";

/** A placement constraint, e.g. `node.labels.zone != a` (behaviour.md, 12.9). */
export interface Constraint {
  readonly key: string;
  readonly operator: "==" | "!=";
  readonly value: string;
}

const keyPattern = /^[a-z_][a-z0-9\-_.]+$/i;
const valuePattern = /^[a-z0-9:\-_\s.*()?+[\]\\^$|/]+$/i;
const nodeLabel = "node.labels.";
const engineLabel = "engine.labels.";

/** Reads a constraint. Throws (invalid-parameter, in the reference's words) when it is malformed. */
export const parseConstraint = (text: string): Constraint => {
  const operator = text.includes("==") ? "==" : "!=";
  const at = text.indexOf(operator);
  if (at < 0) throw rpcError("invalid-parameter", "constraint expected one operator from ==, !=");
  const key = text.slice(0, at).trim();
  const value = text.slice(at + operator.length).trim();
  if (!keyPattern.test(key)) throw rpcError("invalid-parameter", `key '${key}' is invalid`);
  if (!valuePattern.test(value)) throw rpcError("invalid-parameter", `value '${value}' is invalid`);
  return { key, operator, value };
};

/** What the node has for the key; undefined when there is no such key. A missing label is empty. */
const attribute = (key: string, node: Node): string | undefined => {
  const lower = key.toLowerCase();
  const { description } = node;
  if (lower.startsWith(nodeLabel) && lower.length > nodeLabel.length)
    return node.spec.Labels[key.slice(nodeLabel.length)] ?? "";
  if (lower.startsWith(engineLabel) && lower.length > engineLabel.length)
    return description?.Engine.Labels?.[key.slice(engineLabel.length)] ?? "";
  switch (lower) {
    case "node.id":
      return node.id;
    case "node.hostname":
      return description?.Hostname ?? "";
    case "node.role":
      return node.role;
    case "node.platform.os":
      return description?.Platform.OS ?? "";
    case "node.platform.arch":
      return description?.Platform.Architecture ?? "";
    default:
      return undefined;
  }
};

/**
 * Whether the node satisfies the constraint. Values are compared whole, whatever the letters' case;
 * the label's name after the prefix is case-sensitive. An unknown key, or `node.ip` with a value
 * that is neither an address nor a subnet, is never satisfied.
 */
export const matchesConstraint = ({ key, operator, value }: Constraint, node: Node): boolean => {
  if (key.toLowerCase() === "node.ip") {
    const inside = containsAddress(value, node.status.addr);
    return inside !== undefined && inside === (operator === "==");
  }
  const actual = attribute(key, node);
  if (actual === undefined) return false;
  return (actual.toLowerCase() === value.toLowerCase()) === (operator === "==");
};
