import type {
  Swarm,
  SwarmInitRequest,
  SwarmJoinRequest,
  SwarmSpec,
  SwarmUnlockRequest,
} from "@skein/wire";
import type { Transport } from "./transport.ts";

/** What POST /swarm/update can rotate along with the spec. */
export interface SwarmRotations {
  readonly workerToken?: boolean;
  readonly managerToken?: boolean;
  readonly managerUnlockKey?: boolean;
}

/** The /swarm routes. */
export interface SwarmApi {
  /** Gives the new node's id. */
  init(request: Partial<Omit<SwarmInitRequest, "Spec">> & { Spec?: unknown }): Promise<string>;
  join(request: Partial<SwarmJoinRequest>): Promise<void>;
  leave(force: boolean): Promise<void>;
  inspect(): Promise<Swarm>;
  /** `version` is the index that was read with the spec. */
  update(version: number, spec: SwarmSpec, rotate?: SwarmRotations): Promise<void>;
  unlock(key: string): Promise<void>;
  /** Empty when autolock is off. */
  unlockKey(): Promise<string>;
}

/** The /swarm routes over a transport. */
export const swarmApi = (transport: Transport): SwarmApi => {
  const post = async (path: string, body?: unknown, query = {}): Promise<void> => {
    await transport.text({ method: "POST", path, query, ...(body === undefined ? {} : { body }) });
  };
  return {
    init: (request) => transport.json({ method: "POST", path: "/swarm/init", body: request }),
    join: (request) => post("/swarm/join", request),
    leave: (force) => post("/swarm/leave", undefined, force ? { force: 1 } : {}),
    inspect: () => transport.json({ method: "GET", path: "/swarm" }),
    update: (version, spec, rotate = {}) =>
      post("/swarm/update", spec, {
        version,
        rotateWorkerToken: rotate.workerToken ?? false,
        rotateManagerToken: rotate.managerToken ?? false,
        rotateManagerUnlockKey: rotate.managerUnlockKey ?? false,
      }),
    unlock: (key) => post("/swarm/unlock", { UnlockKey: key }),
    unlockKey: async () => {
      const answer = await transport.json<Partial<SwarmUnlockRequest>>({
        method: "GET",
        path: "/swarm/unlockkey",
      });
      return answer.UnlockKey ?? "";
    },
  };
};
