import { modify } from "@skein/sdk";
import type { SwarmRotations } from "@skein/sdk";
import type { Swarm, SwarmSpec } from "@skein/wire";
import type { Context } from "../../command/spec.ts";

/**
 * Reads the cluster, computes its next spec and writes it, with rotations if wanted. Gives the
 * cluster as it was read.
 */
export const changeSwarm = (
  context: Context,
  change: (swarm: Swarm) => SwarmSpec,
  rotate: SwarmRotations = {},
): Promise<Swarm> => {
  const { swarm } = context.client();
  return modify(
    () => swarm.inspect(),
    async (read) => {
      await swarm.update(read.Version.Index ?? 0, change(read), rotate);
      return read;
    },
    { clock: context.clock, attempts: 5, delayMs: 50 },
  );
};
