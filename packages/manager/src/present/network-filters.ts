import { OperationError } from "@skein/base";
import type { Network } from "@skein/model";
import type { View } from "@skein/store";
import { PREDEFINED_LABEL } from "../networks/predefined.ts";
import type { Filters } from "./filters.ts";

const any = (filters: Filters, key: string, test: (value: string) => boolean): boolean => {
  const values = filters[key] ?? [];
  return values.length === 0 || values.some((value) => test(value));
};

const hasLabels = ({ labels }: Network, wanted: readonly string[]): boolean =>
  wanted.every((text) => {
    const equals = text.indexOf("=");
    if (equals === -1) return text in labels;
    return labels[text.slice(0, equals)] === text.slice(equals + 1);
  });

const isType = (type: string): boolean => {
  if (type === "custom" || type === "builtin")
    // What the cluster has beside the hidden ones was made by somebody.
    return type === "custom";
  throw new OperationError("invalid-parameter", `invalid filter: 'type'='${type}'`);
};

const isTrue = (value: string): boolean => value === "1" || value === "true";

/**
 * The cluster's networks that pass (api.md, "Filters"): names by any part, ids by prefix. Keys are
 * the engine's to check, which is asked the same.
 */
export const filterNetworks = (view: View, filters: Filters): readonly Network[] =>
  [...view.all("networks").values()].filter(
    (network) =>
      !(PREDEFINED_LABEL in network.labels) &&
      !network.removing &&
      any(filters, "name", (value) => network.name.includes(value)) &&
      any(filters, "id", (value) => network.id.startsWith(value)) &&
      any(filters, "idOrName", (value) => network.id === value || network.name === value) &&
      any(filters, "driver", (value) => network.driver.name === value) &&
      any(filters, "scope", (value) => value === "swarm") &&
      any(filters, "type", isType) &&
      // In use or not is known where the containers are.
      any(filters, "dangling", (value) => !isTrue(value)) &&
      hasLabels(network, filters["label"] ?? []),
  );
