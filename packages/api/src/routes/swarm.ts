import {
  decodeSwarmInitRequest,
  decodeSwarmJoinRequest,
  decodeSwarmSpec,
  decodeSwarmUnlockRequest,
  gateSwarmInitRequest,
} from "@skein/wire";
import type { Backend } from "../backend.ts";
import { decodeBody } from "../body.ts";
import { empty, json } from "../http.ts";
import type { ApiResponse } from "../http.ts";
import type { Call, Route } from "../router.ts";

const init = async (call: Call, { swarm }: Backend): Promise<ApiResponse> => {
  const request = await decodeBody(call, decodeSwarmInitRequest);
  return json(200, await swarm.init({ request: gateSwarmInitRequest(request, call.version) }));
};

const update = async (call: Call, { swarm }: Backend): Promise<ApiResponse> => {
  const spec = await decodeBody(call, decodeSwarmSpec);
  const { query } = call;
  const version = query.version("swarm", true);
  const flags = {
    rotateWorkerToken: query.strictFlag("rotateWorkerToken", "brief"),
    rotateManagerToken: query.strictFlag("rotateManagerToken", "brief"),
    rotateManagerUnlockKey: query.strictFlag("rotateManagerUnlockKey", "brief"),
  };
  await swarm.update({ version, spec, flags });
  return empty(200);
};

/** /swarm */
export const swarmRoutes = (backend: Backend): readonly Route[] => [
  {
    method: "GET",
    pattern: "/swarm",
    handler: async () => json(200, await backend.swarm.inspect()),
  },
  { method: "POST", pattern: "/swarm/init", handler: (call) => init(call, backend) },
  {
    method: "POST",
    pattern: "/swarm/join",
    handler: async (call) => {
      await backend.swarm.join({ request: await decodeBody(call, decodeSwarmJoinRequest) });
      return empty(200);
    },
  },
  {
    method: "POST",
    pattern: "/swarm/leave",
    handler: async (call) => {
      await backend.swarm.leave({ force: call.query.flag("force") });
      return empty(200);
    },
  },
  { method: "POST", pattern: "/swarm/update", handler: (call) => update(call, backend) },
  {
    method: "GET",
    pattern: "/swarm/unlockkey",
    handler: async () => json(200, { UnlockKey: await backend.swarm.unlockKey() }),
  },
  {
    method: "POST",
    pattern: "/swarm/unlock",
    handler: async (call) => {
      await backend.swarm.unlock({ request: await decodeBody(call, decodeSwarmUnlockRequest) });
      return empty(200);
    },
  },
];
