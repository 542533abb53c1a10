import type { Node, NodeSpec } from "@skein/wire";
import { encodeFilters } from "./filters.ts";
import type { Filters } from "./filters.ts";
import type { Transport } from "./transport.ts";

/** The /nodes routes. A reference is an id, a hostname, or the unique start of an id. */
export interface NodesApi {
  list(filters?: Filters): Promise<readonly Node[]>;
  inspect(ref: string): Promise<Node>;
  /** The answer of inspect as it came. */
  inspectText(ref: string): Promise<string>;
  /** `version` is the index that was read with the spec. */
  update(id: string, version: number, spec: NodeSpec): Promise<void>;
  remove(ref: string, force: boolean): Promise<void>;
}

const nodePath = (ref: string): string => `/nodes/${encodeURIComponent(ref)}`;

/** The /nodes routes over a transport. */
export const nodesApi = (transport: Transport): NodesApi => {
  return {
    list: (filters) =>
      transport.json({ method: "GET", path: "/nodes", query: { filters: encodeFilters(filters) } }),
    inspect: (ref) => transport.json({ method: "GET", path: nodePath(ref) }),
    inspectText: (ref) => transport.text({ method: "GET", path: nodePath(ref) }),
    update: async (id, version, spec) => {
      const query = { version };
      await transport.text({ method: "POST", path: `${nodePath(id)}/update`, query, body: spec });
    },
    remove: async (ref, force) => {
      const query = force ? { force: 1 } : {};
      await transport.text({ method: "DELETE", path: nodePath(ref), query });
    },
  };
};
