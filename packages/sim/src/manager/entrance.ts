import type { Control } from "@skein/manager";

/** The operations on the cluster's objects, as a manager that may not lead offers them. */
export type Entrance = Pick<
  Control,
  "nodes" | "services" | "tasks" | "secrets" | "configs" | "networks"
>;

const groups = ["nodes", "services", "tasks", "secrets", "configs", "networks"] as const;
const reads: ReadonlySet<string> = new Set(["list", "get"]);

type Operation = (input: unknown) => Promise<unknown>;
type Group = Readonly<Record<string, Operation>>;

/** Reads are answered here; `pass` carries out changes where the leader is. */
export const newEntrance = (
  own: Entrance,
  pass: (run: (at: Entrance) => Promise<unknown>) => Promise<unknown>,
): Entrance => {
  const operationsOf = (at: Entrance, group: (typeof groups)[number]): Group =>
    at[group] as unknown as Group;
  const passing = (group: (typeof groups)[number]): Group =>
    Object.fromEntries(
      Object.entries(operationsOf(own, group)).map(([name, local]): [string, Operation] => [
        name,
        reads.has(name)
          ? local
          : (input) => pass((at) => (operationsOf(at, group)[name] as Operation)(input)),
      ]),
    );
  return Object.fromEntries(groups.map((group) => [group, passing(group)])) as unknown as Entrance;
};
