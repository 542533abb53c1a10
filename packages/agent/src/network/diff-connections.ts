import type { KernelChanges } from "./changes.ts";
import type { KernelState } from "./kernel-state.ts";
import { keyOf } from "./kernel-state.ts";

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

/** Whether anything has the address: a container here, or a neighbour on some bridge. */
const hasAddress = ({ tables, neighbours, bridges }: KernelState, address: string): boolean => {
  for (const { sets } of tables.values())
    if (sets.get("own")?.elements.has(`${address} . ${address}`)) return true;
  for (const device of bridges.keys())
    if (neighbours.has(keyOf.neighbour({ device, address }))) return true;
  return false;
};

/** The same for the part of a state that changes to a whole one. */
export const diffTouchedConnections = (
  part: KernelState,
  wanted: KernelState,
  isActive: (address: string) => boolean,
): KernelChanges["cut"] => ({
  gone: [...addressesOf(part)].filter((address) => !hasAddress(wanted, address)),
  idle: [...backendsOf(part)].filter(
    (address) => !isActive(address) && hasAddress(wanted, address),
  ),
});
