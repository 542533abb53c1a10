import type { ApiRequest, ApiResponse } from "./http.ts";
import type { Query } from "./query.ts";

/** One request after routing. */
export interface Call {
  readonly request: ApiRequest;
  /** The request's version; the newest offered one when the path had none. */
  readonly version: string;
  readonly query: Query;
  /** What the pattern's `{name}` parts stood for, decoded. */
  readonly params: Readonly<Record<string, string>>;
}

export interface Route {
  readonly method: string;
  /** e.g. `/services/{id}/update`; a part `{name...}` takes the rest of the path. */
  readonly pattern: string;
  readonly handler: (call: Call) => Promise<ApiResponse>;
}

interface Matched {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

const decode = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};

const compile = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split("/")
      .map((part) => {
        const name = /^\{([a-z]+)(\.\.\.)?\}$/.exec(part);
        if (!name) return part.replaceAll(".", "\\.");
        return `(?<${name[1] ?? ""}>${name[2] === undefined ? "[^/]+" : ".+"})`;
      })
      .join("/")}$`,
  );

/** A table of routes. The first that matches wins. */
export class Router {
  readonly #table: readonly { readonly route: Route; readonly expression: RegExp }[];

  constructor(routes: readonly Route[]) {
    this.#table = routes.map((route) => ({ route, expression: compile(route.pattern) }));
  }

  /** The route for a path without its version. */
  match(method: string, path: string): Matched | undefined {
    for (const { route, expression } of this.#table) {
      const groups = route.method === method && expression.exec(path);
      if (groups)
        return {
          route,
          params: Object.fromEntries(
            Object.entries(groups.groups ?? {}).map(([key, part]) => [key, decode(part)]),
          ),
        };
    }
    return undefined;
  }
}
