import { decodeNodeSpec } from "@skein/wire";
import type { Backend } from "../backend.ts";
import { decodeBody } from "../body.ts";
import { filtersOf } from "../filters.ts";
import { empty, json } from "../http.ts";
import type { Call, Route } from "../router.ts";

const ref = (call: Call): string => call.params["id"] ?? "";

/** /nodes */
export const nodeRoutes = ({ nodes }: Backend): readonly Route[] => [
  {
    method: "GET",
    pattern: "/nodes",
    handler: async (call) => json(200, await nodes.list({ filters: filtersOf(call) })),
  },
  {
    method: "GET",
    pattern: "/nodes/{id}",
    handler: async (call) => json(200, await nodes.get({ ref: ref(call) })),
  },
  {
    method: "DELETE",
    pattern: "/nodes/{id}",
    handler: async (call) => {
      await nodes.remove({ ref: ref(call), force: call.query.flag("force") });
      return empty(200);
    },
  },
  {
    method: "POST",
    pattern: "/nodes/{id}/update",
    handler: async (call) => {
      const spec = await decodeBody(call, decodeNodeSpec);
      const version = call.query.version("node", true);
      await nodes.update({ ref: ref(call), version, spec });
      return empty(200);
    },
  },
];
