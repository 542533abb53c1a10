import { expect, test } from "vitest";
import { splitPath } from "./api-version.ts";
import { empty } from "./http.ts";
import { Router } from "./router.ts";

const route = (method: string, pattern: string) => ({
  method,
  pattern,
  handler: async () => empty(200),
});

const router = new Router([
  route("GET", "/services"),
  route("POST", "/services/create"),
  route("GET", "/services/{id}"),
  route("POST", "/services/{id}/update"),
  route("GET", "/networks/{id...}"),
]);

test.each([
  ["GET", "/services", "/services", {}],
  ["GET", "/services/web", "/services/{id}", { id: "web" }],
  ["POST", "/services/create", "/services/create", {}],
  ["POST", "/services/create/update", "/services/{id}/update", { id: "create" }],
  ["GET", "/services/a%2Fb%20c", "/services/{id}", { id: "a/b c" }],
  ["GET", "/services/%zz", "/services/{id}", { id: "%zz" }],
  ["GET", "/networks/a/b", "/networks/{id...}", { id: "a/b" }],
])("%s %s", (method, path, pattern, params) => {
  const match = router.match(method, path);
  expect(match?.route.pattern).toBe(pattern);
  expect(match?.params).toEqual(params);
});

test.each([
  ["PUT", "/services"],
  ["GET", "/services/"],
  ["GET", "/services/a/b"],
  ["POST", "/services/web"],
  ["GET", "/servicesx"],
])("no route for %s %s", (method, path) => {
  expect(router.match(method, path)).toBeUndefined();
});

test.each([
  ["/v1.41/services", "1.41", "/services"],
  ["/services", undefined, "/services"],
  ["/v1.41", undefined, "/v1.41"],
  ["/v1.41/", "1.41", "/"],
  ["/volumes", undefined, "/volumes"],
])("the version of %s", (path, version, rest) => {
  expect(splitPath(path)).toEqual({ version, path: rest });
});
