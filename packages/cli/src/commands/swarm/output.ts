import type { Client } from "@skein/sdk";
import type { Context } from "../../command/spec.ts";
import { CommandError } from "../../command/errors.ts";
import type { Flags } from "../../command/flag.ts";
import { describeError } from "../../output/report.ts";
import { addressFlags } from "./flags.ts";

/** Which join commands to show. */
export interface Roles {
  readonly worker: boolean;
  readonly manager: boolean;
}

/** Shows how other nodes join through this manager. */
export const printJoinCommands = async (
  context: Context,
  nodeId: string,
  roles: Roles,
): Promise<void> => {
  const client = context.client();
  const { ManagerStatus } = await client.nodes.inspect(nodeId);
  const { JoinTokens } = await client.swarm.inspect();
  if (!ManagerStatus) return;
  const show = (role: string, token: string): void => {
    context.out(
      `To add a ${role} to this swarm, run the following command:\n\n    skein swarm join --token ${token} ${ManagerStatus.Addr ?? ""}\n\n`,
    );
  };
  if (roles.worker) show("worker", JoinTokens.Worker);
  if (roles.manager) show("manager", JoinTokens.Manager);
};

/** The unlock key. Throws CommandError when it cannot be read. */
export const fetchUnlockKey = async (client: Client): Promise<string> => {
  try {
    return await client.swarm.unlockKey();
  } catch (error) {
    throw new CommandError(`could not fetch unlock key: ${describeError(error)}`);
  }
};

/** Shows how to unlock a manager; nothing when there is no key. */
export const printUnlockCommand = (context: Context, key: string): void => {
  if (key === "") return;
  context.out(
    `To unlock a swarm manager after it restarts, run the \`skein swarm unlock\`
command and provide the following key:

    ${key}

Remember to store this key in a password manager, since without it you
will not be able to restart the manager.
`,
  );
};

/** What `--availability` says; empty when it was not given. Throws CommandError for other words. */
export const availabilityOf = (flags: Flags): "" | "active" | "pause" | "drain" => {
  const text = flags.get(addressFlags.availability);
  const word = (text ?? "").toLowerCase();
  if (text === undefined) return "";
  if (word === "active" || word === "pause" || word === "drain") return word;
  throw new CommandError(
    `invalid availability ${JSON.stringify(text)}, only active, pause and drain are supported`,
  );
};
