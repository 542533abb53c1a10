import { CommandError } from "../../command/errors.ts";
import type { Run } from "../../command/spec.ts";

/** `skein swarm unlock`: reads the key from the terminal, or from stdin. */
export const run: Run = async (context) => {
  const client = context.client();
  const { LocalNodeState } = (await client.system.info()).Swarm;
  if (LocalNodeState === "inactive")
    throw new CommandError("Error: This node is not part of a swarm");
  if (LocalNodeState !== "locked") throw new CommandError("Error: swarm is not locked");
  const key = await context.readSecret("Enter unlock key: ");
  await client.swarm.unlock(key);
};
