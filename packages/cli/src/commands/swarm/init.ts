import { ApiError } from "@skein/sdk";
import { CommandError } from "../../command/errors.ts";
import type { Context, Run } from "../../command/spec.ts";
import { describeError } from "../../output/report.ts";
import { addressFlags, initFlags } from "./flags.ts";
import { availabilityOf, fetchUnlockKey, printJoinCommands, printUnlockCommand } from "./output.ts";
import { emptySettings, mergeSettings } from "./settings.ts";

const NO_ADDRESS =
  /could not choose an IP address to advertise|could not find the system's IP address/;

const initialize = async (
  context: Context,
  request: Parameters<ReturnType<Context["client"]>["swarm"]["init"]>[0],
): Promise<string> => {
  try {
    return await context.client().swarm.init(request);
  } catch (error) {
    if (error instanceof ApiError && NO_ADDRESS.test(error.message))
      throw new CommandError(`${describeError(error)} - specify one with --advertise-addr`);
    throw error;
  }
};

/** `skein swarm init`. */
export const run: Run = async (context, flags) => {
  const autolock = flags.on(initFlags.autolock);
  const nodeId = await initialize(context, {
    ListenAddr: flags.get(addressFlags.listen) ?? "0.0.0.0:2377",
    AdvertiseAddr: flags.get(addressFlags.advertise) ?? "",
    DataPathAddr: flags.get(addressFlags.dataPath) ?? "",
    DataPathPort: flags.get(initFlags.dataPathPort) ?? 0,
    ForceNewCluster: flags.on(initFlags.forceNewCluster),
    Spec: mergeSettings(emptySettings, flags, ""),
    AutoLockManagers: autolock,
    Availability: availabilityOf(flags),
    DefaultAddrPool: flags.all(initFlags.pool).flat(),
    SubnetSize: flags.get(initFlags.poolMask) ?? 24,
  });
  context.out(`Swarm initialized: current node (${nodeId}) is now a manager.\n\n`);
  await printJoinCommands(context, nodeId, { worker: true, manager: false });
  context.out(
    "To add a manager to this swarm, run 'skein swarm join-token manager' and follow the instructions.\n",
  );
  if (autolock) printUnlockCommand(context, await fetchUnlockKey(context.client()));
};
