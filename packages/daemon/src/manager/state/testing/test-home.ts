import { silentLogger } from "@skein/base";
import { systemClock } from "@skein/platform";
import type { Planner } from "@skein/store";
import type { LocalState } from "../../../membership/local-state.ts";
import type { StateHomeOptions } from "../state-home.ts";

/** A membership whose state is in lmdb. */
export const localState: LocalState = {
  format: 1,
  nodeId: "m1",
  clusterId: "cluster00000000000000000m",
  role: "manager",
  listenAddr: "0.0.0.0:2377",
  advertiseAddr: "10.99.0.1:2377",
  dataPathAddr: "10.99.0.1",
  remotes: ["10.99.0.1:2377"],
};

/** Decides nothing. */
export const planner: Planner = { plan: () => {}, reset: () => {}, failed: () => {} };

/** The state of a manager whose others are never reached. */
export const homeOptions = (
  dataDir: string,
  settle: StateHomeOptions["settle"],
): StateHomeOptions => ({
  dataDir,
  settle,
  nodeId: localState.nodeId,
  clusterId: localState.clusterId,
  address: localState.advertiseAddr,
  key: Buffer.alloc(32, 7),
  dialPeer: () => Promise.reject(new Error("there is no other manager")),
  settings: {},
  accept: () => {},
  clock: systemClock,
  logger: silentLogger,
});
