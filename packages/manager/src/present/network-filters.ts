import { OperationError } from "@skein/base";
import type { Network } from "@skein/model";
import type { View } from "@skein/store";
import type { Network as ApiNetwork } from "@skein/wire";
import { attachmentsOfNetwork } from "../networks/attachments.ts";
import { isOverlay } from "../networks/needs.ts";
import { PREDEFINED_LABEL } from "../networks/predefined.ts";
import { toApiNetwork } from "./cluster.ts";
import type { Filters } from "./filters.ts";

const any = (filters: Filters, key: string, test: (value: string) => boolean): boolean => {
  const values = filters[key] ?? [];
  return values.length === 0 || values.some((value) => test(value));
};

const hasLabels = ({ Labels }: ApiNetwork, wanted: readonly string[]): boolean =>
  wanted.every((text) => {
    const equals = text.indexOf("=");
    if (equals === -1) return text in (Labels ?? {});
    return Labels?.[text.slice(0, equals)] === text.slice(equals + 1);
  });

const isType = (type: string): boolean => {
  if (type === "custom" || type === "builtin")
    // What the cluster has beside the hidden ones was made by somebody.
    return type === "custom";
  throw new OperationError("invalid-parameter", `invalid filter: 'type'='${type}'`);
};

const isTrue = (value: string): boolean => value === "1" || value === "true";

/**
 * Whether a network of the cluster passes, but for `dangling` (api.md, "Filters"): names by any part,
 * ids by prefix. Keys are the engine's to check, which is asked the same.
 */
export const networkPasses = (network: ApiNetwork, filters: Filters): boolean =>
  any(filters, "name", (value) => network.Name.includes(value)) &&
  any(filters, "id", (value) => network.Id.startsWith(value)) &&
  any(filters, "idOrName", (value) => network.Id === value || network.Name === value) &&
  any(filters, "driver", (value) => network.Driver === value) &&
  any(filters, "scope", (value) => value === "swarm") &&
  any(filters, "type", isType) &&
  hasLabels(network, filters["label"] ?? []);

/** Nobody uses it: no service, no task, no container. The ingress network is always used. */
const isDangling = (view: View, network: Network): boolean =>
  isOverlay(network) &&
  !network.ingress &&
  view.tasksOfNetwork(network.id).size === 0 &&
  attachmentsOfNetwork(view, network.id).length === 0 &&
  ![...view.all("services").values()].some(({ spec }) =>
    [...(spec.TaskTemplate.Networks ?? []), ...(spec.Networks ?? [])].some(
      ({ Target }) => Target === network.id,
    ),
  );

/** The cluster's networks that pass; see {@link networkPasses}. */
export const filterNetworks = (view: View, filters: Filters): readonly Network[] =>
  [...view.all("networks").values()].filter(
    (network) =>
      !(PREDEFINED_LABEL in network.labels) &&
      !network.removing &&
      any(filters, "dangling", (value) => isTrue(value) === isDangling(view, network)) &&
      networkPasses(toApiNetwork(network), filters),
  );
