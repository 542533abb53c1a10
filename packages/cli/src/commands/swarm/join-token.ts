import { CommandError } from "../../command/errors.ts";
import type { Run } from "../../command/spec.ts";
import { changeSwarm } from "./change.ts";
import { quietToken, rotateToken } from "./flags.ts";
import { printJoinCommands } from "./output.ts";

/** `skein swarm join-token`. */
export const run: Run = async (context, flags, [role = ""]) => {
  const worker = role === "worker";
  const manager = role === "manager";
  if (!worker && !manager) throw new CommandError(`unknown role ${role}`);
  const quiet = flags.on(quietToken);
  if (flags.on(rotateToken)) {
    await changeSwarm(context, ({ Spec }) => Spec, { workerToken: worker, managerToken: manager });
    if (!quiet) context.out(`Successfully rotated ${role} join token.\n\n`);
  }
  const client = context.client();
  if (quiet) {
    const { JoinTokens } = await client.swarm.inspect();
    context.out(`${worker ? JoinTokens.Worker : JoinTokens.Manager}\n`);
    return;
  }
  // Asked first, so that outside a cluster the error is the one that says so.
  await client.swarm.inspect();
  const { Swarm } = await client.system.info();
  await printJoinCommands(context, Swarm.NodeID, { worker, manager });
};
