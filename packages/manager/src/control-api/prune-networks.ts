import { OperationError } from "@skein/base";
import type { Network } from "@skein/model";
import type { Transaction } from "@skein/store";
import { formatTime } from "@skein/wire";
import { isOverlay } from "../networks/needs.ts";
import type { Filters } from "../present/filters.ts";
import { removeNetwork } from "./networks.ts";

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Go's durations as people write them, `1h30m`, in ms. */
const durationOf = (text: string): number | undefined => {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) return undefined;
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ""] ?? 0), 0);
};

const isDate = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?)?Z?$/.test(text);

/** Whether a network was made by then: seconds since the epoch, a date in UTC, or how long ago. */
const isFromBefore = ({ createdAt }: Network, text: string, now: number): boolean => {
  const duration = durationOf(text);
  if (duration !== undefined) return createdAt <= now - duration;
  if (/^\d+(\.\d+)?$/.test(text)) return createdAt <= Number(text) * 1000;
  // Times in this form are in order as their texts are.
  if (isDate(text)) return formatTime(createdAt).replace("Z", "") <= text.replace("Z", "");
  throw new OperationError("invalid-parameter", `invalid value for "until" filter: ${text}`);
};

const matches = ({ labels }: Network, wanted: string): boolean => {
  const equals = wanted.indexOf("=");
  return equals === -1
    ? wanted in labels
    : labels[wanted.slice(0, equals)] === wanted.slice(equals + 1);
};

const passes = (network: Network, filters: Filters, now: number): boolean =>
  (filters["label"] ?? []).every((wanted) => matches(network, wanted)) &&
  !(filters["label!"] ?? []).some((unwanted) => matches(network, unwanted)) &&
  (filters["until"] ?? []).every((text) => isFromBefore(network, text, now));

const isInUse = (error: unknown): boolean =>
  error instanceof OperationError && error.kind === "failed-precondition";

/**
 * Removes the overlay networks that nobody uses and that pass the filters (`label`, `label!`, `until`),
 * but for the ingress network. Returns their names. Throws (invalid-parameter) on a time that is none.
 */
export const pruneNetworks = (tx: Transaction, filters: Filters): readonly string[] => {
  const removed: string[] = [];
  const all = [...tx.all("networks").values()];
  for (const network of all) {
    if (!isOverlay(network) || network.ingress || network.removing) continue;
    if (!passes(network, filters, tx.now)) continue;
    try {
      tx.attempt(() => removeNetwork(tx, network.id));
      removed.push(network.name);
    } catch (error) {
      if (!isInUse(error)) throw error;
    }
  }
  return removed;
};
