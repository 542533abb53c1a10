import type { EndpointFacts, NetworkDifference } from "@skein/model";
import type { HopStatus, TraceHop } from "@skein/wire";
import type { Side } from "./facts.ts";

/** A hop; advice only where there is something to do. */
export const hop = (
  name: string,
  node: string,
  status: HopStatus,
  texts: { readonly detail: string; readonly advice?: string },
): TraceHop => ({
  Name: name,
  Node: node,
  Status: status,
  Detail: texts.detail,
  Advice: texts.advice ?? "",
});

/** The hop is as it should be. */
export const passed = (name: string, node: string, detail: string): TraceHop =>
  hop(name, node, "ok", { detail });

/** Nothing gets past this hop. */
export const broken = (name: string, node: string, detail: string, advice: string): TraceHop =>
  hop(name, node, "broken", { detail, advice });

/** The differences of some kinds, in words; empty when there are none. */
export const differing = (
  { differences }: EndpointFacts,
  ...kinds: readonly NetworkDifference["kind"][]
): string =>
  differences
    .filter(({ kind }) => kinds.includes(kind))
    .map(
      ({ kind, what, how, detail }) =>
        `${kind} ${what}: ${how}${detail === undefined ? "" : ` (${detail})`}`,
    )
    .join("; ");

/** What to do about a node whose kernel is not as it should be. */
export const repairAdvice = (node: string): string =>
  `repair it with 'skein doctor network --node ${node}', and find out what changed it`;

/** The facts of a side; undefined when its node did not answer. */
export const factsOf = ({ found }: Side): EndpointFacts | undefined =>
  "facts" in found ? found.facts : undefined;
