import type { EventMessage } from "@skein/wire";
import type { Filters } from "../backend.ts";

/** Kinds of object that only the cluster has: their events never come from the engine. */
const clusterTypes = new Set(["service", "node", "secret", "config"]);

/** Filters that name an object; each matches the id or name of any event, whatever its type. */
const nameFilters = [
  "daemon",
  "container",
  "plugin",
  "volume",
  "network",
  "node",
  "service",
  "secret",
  "config",
];

const values = (filters: Filters, key: string): readonly string[] => filters[key] ?? [];

const exactly = (wanted: readonly string[], value: string): boolean =>
  wanted.length === 0 || wanted.includes(value);

const byPrefix = (wanted: readonly string[], texts: readonly string[]): boolean =>
  wanted.length === 0 || wanted.some((prefix) => texts.some((text) => text.startsWith(prefix)));

const labelled = (wanted: readonly string[], event: EventMessage): boolean =>
  wanted.every((label) => {
    const at = label.indexOf("=");
    const value = event.Actor.Attributes[at < 0 ? label : label.slice(0, at)];
    return value !== undefined && (at < 0 || value === label.slice(at + 1));
  });

/** Whether a cluster event passes; odd rules and all as in the reference. Unknown keys pass. */
export const eventPasses = (event: EventMessage, filters: Filters): boolean => {
  const name = event.Actor.Attributes["name"];
  const names = name === undefined ? [event.Actor.ID] : [event.Actor.ID, name];
  return (
    exactly(values(filters, "event"), event.Action) &&
    exactly(values(filters, "type"), event.Type) &&
    exactly(values(filters, "scope"), event.scope ?? "") &&
    exactly(values(filters, "image"), event.Actor.ID) &&
    nameFilters.every((key) => byPrefix(values(filters, key), names)) &&
    labelled(values(filters, "label"), event)
  );
};

/** Whether the engine can have events that pass: if not, it need not be asked. */
export const engineMayMatch = (filters: Filters): boolean =>
  exactly(values(filters, "scope"), "local") &&
  (values(filters, "type").length === 0 ||
    values(filters, "type").some((type) => !clusterTypes.has(type)));
