import { OperationError, messageOf } from "@skein/base";
import type { Clock, Logger } from "@skein/base";
import { OLDEST, isApiVersion, isBefore, splitPath } from "./api-version.ts";
import type { Backend } from "./backend.ts";
import { errorResponse } from "./error-response.ts";
import { json } from "./http.ts";
import type { ApiRequest, ApiResponse, EngineApi } from "./http.ts";
import { OfferedVersion } from "./offered-version.ts";
import { Query } from "./query.ts";
import { Router } from "./router.ts";
import { containerRoutes } from "./routes/containers.ts";
import { backupRoutes } from "./routes/backup.ts";
import { diagnosisRoutes } from "./routes/diagnosis.ts";
import { eventRoutes } from "./routes/events.ts";
import { infoRoutes } from "./routes/info.ts";
import { connectionRoutes } from "./routes/network-connections.ts";
import { networkRoutes } from "./routes/networks.ts";
import { nodeRoutes } from "./routes/nodes.ts";
import { configRoutes, secretRoutes } from "./routes/secrets.ts";
import { serviceRoutes } from "./routes/services.ts";
import { swarmRoutes } from "./routes/swarm.ts";
import { taskRoutes } from "./routes/tasks.ts";

/** What the API is made of. */
export interface ApiDependencies {
  readonly backend: Backend;
  readonly engine: EngineApi;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of Skein, shown in GET /version. */
  readonly version: string;
}

/** The cluster's half of the Docker Engine API, free of sockets. */
export interface Api {
  /** Whether a request is for us. If not, the engine answers it: pass it on untouched. */
  owns(method: string, url: string): boolean;
  /** Answers a request that is ours. Never rejects. */
  handle(request: ApiRequest): Promise<ApiResponse>;
}

/** Path families that are the cluster's alone: what is unknown there, the engine is not asked. */
const clusterOnly = /^\/(?:skein|swarm|nodes|services|tasks|secrets|configs)(?:\/|$)/;

const pageNotFound = (): ApiResponse => json(404, { message: "page not found" });

const tooOld = (version: string): ApiResponse => ({
  status: 400,
  // Clients of that age cannot read errors in JSON.
  headers: { "content-type": "text/plain; charset=utf-8" },
  body:
    `client version ${version} is too old. Minimum supported API version is ${OLDEST}, ` +
    "please upgrade your client to a newer version\n",
});

const checkNotTooNew = (version: string, offered: string): void => {
  if (!isBefore(offered, version)) return;
  throw new OperationError(
    "invalid-parameter",
    `client version ${version} is too new. Maximum supported API version is ${offered}`,
  );
};

/** Builds the API over its ports. */
export const createApi = (dependencies: ApiDependencies): Api => {
  const { backend, engine, clock, logger, version: own } = dependencies;
  const offered = new OfferedVersion({ engine, clock });
  const router = new Router([
    ...infoRoutes({ backend, engine, clock, offered, version: own }),
    ...swarmRoutes(backend),
    ...nodeRoutes(backend),
    ...serviceRoutes(backend),
    ...taskRoutes(backend),
    ...secretRoutes(backend),
    ...configRoutes(backend),
    ...containerRoutes({ backend, engine, clock }),
    ...connectionRoutes({ backend, engine, clock }),
    ...networkRoutes({ backend, engine, clock }),
    ...diagnosisRoutes(backend),
    ...backupRoutes(backend),
    ...eventRoutes({ backend, engine, clock }),
  ]);

  const answer = async (request: ApiRequest): Promise<ApiResponse> => {
    const { version, path } = splitPath(request.path);
    const match = router.match(request.method, path);
    if (!match || (version !== undefined && !isApiVersion(version))) return pageNotFound();
    const newest = await offered.current();
    if (version !== undefined) {
      if (isBefore(version, OLDEST)) return tooOld(version);
      checkNotTooNew(version, newest);
    }
    const query = new Query(request.query);
    const { route, params } = match;
    return await route.handler({ request, version: version ?? newest, query, params });
  };

  return {
    owns: (method, url) => {
      const { path } = splitPath(url.split("?", 1)[0] ?? "/");
      return clusterOnly.test(path) || router.match(method, path) !== undefined;
    },
    handle: async (request) => {
      try {
        return await answer(request);
      } catch (error) {
        if (!(error instanceof OperationError))
          logger.error("an API request failed", {
            method: request.method,
            path: request.path,
            error: messageOf(error),
          });
        return errorResponse(error);
      }
    },
  };
};
