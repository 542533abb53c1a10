import { OperationError } from "@skein/base";
import { targetOf } from "../engine-pass.ts";
import { eventResponse } from "../events/events.ts";
import type { EventDependencies } from "../events/events.ts";
import { engineMayMatch } from "../events/filter.ts";
import { parseTimestamp } from "../events/timestamp.ts";
import { filtersOf } from "../filters.ts";
import type { Route } from "../router.ts";

/** /events: the engine's and the cluster's in one stream. */
export const eventRoutes = (dependencies: EventDependencies): readonly Route[] => [
  {
    method: "GET",
    pattern: "/events",
    handler: async (call) => {
      const { query, request } = call;
      const since = parseTimestamp(query.text("since"));
      const until = parseTimestamp(query.text("until"));
      if (since !== undefined && until !== undefined && since > until)
        throw new OperationError(
          "invalid-parameter",
          `\`since\` time (${query.text("since")}) cannot be after ` +
            `\`until\` time (${query.text("until")})`,
        );
      const filters = filtersOf(call);
      const wanted = { since, until, filters, signal: request.signal };
      const path = engineMayMatch(filters) ? targetOf(request) : undefined;
      return await eventResponse(dependencies, wanted, path);
    },
  },
];
