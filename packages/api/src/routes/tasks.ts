import type { Backend } from "../backend.ts";
import { filtersOf } from "../filters.ts";
import { json } from "../http.ts";
import { logRoute } from "../logs/route.ts";
import type { Route } from "../router.ts";

/** /tasks */
export const taskRoutes = (backend: Backend): readonly Route[] => [
  {
    method: "GET",
    pattern: "/tasks",
    handler: async (call) => json(200, await backend.tasks.list({ filters: filtersOf(call) })),
  },
  {
    method: "GET",
    pattern: "/tasks/{id}",
    handler: async (call) => json(200, await backend.tasks.get({ ref: call.params["id"] ?? "" })),
  },
  logRoute("task", backend),
];
