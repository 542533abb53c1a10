import type { KernelChanges } from "./changes.ts";
import type { KernelState } from "./kernel-state.ts";

/** Maps whose values are the addresses of tasks that get connections. */
const BACKEND_MAPS = ["backends", "port_backends"] as const;

const backendsOf = ({ tables }: KernelState): ReadonlySet<string> => {
  const found = new Set<string>();
  for (const { sets } of tables.values())
    for (const name of BACKEND_MAPS)
      for (const value of sets.get(name)?.elements.values() ?? []) found.add(value);
  return found;
};

/** All that has an address in some network: containers here, and all else as neighbours. */
const addressesOf = ({ tables, neighbours }: KernelState): ReadonlySet<string> => {
  const found = new Set([...neighbours.values()].map(({ address }) => address));
  for (const { sets } of tables.values())
    for (const key of sets.get("own")?.elements.keys() ?? []) found.add(key.split(" ", 1)[0] ?? "");
  return found;
};

/**
 * Whose connections end with a change. What was there before is read from the kernel, not remembered, so
 * that a restart of the agent forgets nothing.
 */
export const diffConnections = (actual: KernelState, wanted: KernelState): KernelChanges["cut"] => {
  const known = addressesOf(wanted);
  const active = backendsOf(wanted);
  return {
    gone: [...addressesOf(actual)].filter((address) => !known.has(address)),
    idle: [...backendsOf(actual)].filter((address) => known.has(address) && !active.has(address)),
  };
};
