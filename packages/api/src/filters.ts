import { OperationError } from "@skein/base";
import { parseFilters } from "@skein/wire";
import { hasModernErrors } from "./api-version.ts";
import type { Filters } from "./backend.ts";
import type { Call } from "./router.ts";

/**
 * The `filters` of a list. What cannot be read is the client's mistake (400); the lists of older
 * versions say 500 instead, all but the services' (`strict`).
 */
export const filtersOf = (call: Call, strict: "strict" | "lax" = "lax"): Filters => {
  try {
    return Object.fromEntries(parseFilters(call.query.text("filters")));
  } catch (error) {
    if (strict === "strict" || hasModernErrors(call.version)) throw error;
    throw error instanceof OperationError
      ? new OperationError("unknown", error.message, { cause: error })
      : error;
  }
};
