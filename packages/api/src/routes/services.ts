import { decodeServiceSpec, gateServiceSpec } from "@skein/wire";
import type { ServiceCreateResponse, ServiceSpec } from "@skein/wire";
import { hasModernErrors, isBefore } from "../api-version.ts";
import type { Backend } from "../backend.ts";
import { decodeBody } from "../body.ts";
import { filtersOf } from "../filters.ts";
import { empty, json } from "../http.ts";
import type { ApiResponse } from "../http.ts";
import { logRoute } from "../logs/route.ts";
import type { Call, Route } from "../router.ts";

const ref = (call: Call): string => call.params["id"] ?? "";
const registryAuth = (call: Call): string => call.request.headers["x-registry-auth"] ?? "";

const specOf = async (call: Call): Promise<ServiceSpec> =>
  gateServiceSpec(await decodeBody(call, decodeServiceSpec), call.version);

const list = async (call: Call, { services }: Backend): Promise<ApiResponse> => {
  const filters = filtersOf(call, "strict");
  const status = !isBefore(call.version, "1.41") && call.query.strictFlag("status");
  return json(200, await services.list({ filters, status }));
};

const create = async (call: Call, { services }: Backend): Promise<ApiResponse> => {
  const spec = await specOf(call);
  const { ID, Warnings } = await services.create({ spec, registryAuth: registryAuth(call) });
  const warnings = Warnings && Warnings.length > 0 ? Warnings : undefined;
  const body: ServiceCreateResponse = {
    ID,
    ...(warnings && { Warnings: warnings }),
    ...(!warnings && hasModernErrors(call.version) && { Warnings: null }),
  };
  return json(201, body);
};

const update = async (call: Call, { services }: Backend): Promise<ApiResponse> => {
  const spec = await specOf(call);
  const version = call.query.version("service", true);
  const answer = await services.update({
    ref: ref(call),
    version,
    spec,
    registryAuth: registryAuth(call),
    registryAuthFrom: call.query.text("registryAuthFrom"),
    rollback: call.query.text("rollback"),
  });
  return json(200, answer);
};

/** /services */
export const serviceRoutes = (backend: Backend): readonly Route[] => [
  { method: "GET", pattern: "/services", handler: (call) => list(call, backend) },
  { method: "POST", pattern: "/services/create", handler: (call) => create(call, backend) },
  {
    method: "GET",
    pattern: "/services/{id}",
    handler: async (call) => {
      const insertDefaults = call.query.strictFlag("insertDefaults");
      return json(200, await backend.services.get({ ref: ref(call), insertDefaults }));
    },
  },
  { method: "POST", pattern: "/services/{id}/update", handler: (call) => update(call, backend) },
  {
    method: "DELETE",
    pattern: "/services/{id}",
    handler: async (call) => {
      await backend.services.remove({ ref: ref(call) });
      return empty(200);
    },
  },
  logRoute("service", backend),
];
