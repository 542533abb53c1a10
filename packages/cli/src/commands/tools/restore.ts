import { readFile } from "node:fs/promises";
import { CommandError } from "../../command/errors.ts";
import type { Run } from "../../command/spec.ts";
import { addressFlags } from "../swarm/flags.ts";
import { printJoinCommands } from "../swarm/output.ts";

const PROMPTS: Readonly<Record<string, string>> = {
  passphrase: "Passphrase: ",
  "unlock-key": "Enter unlock key: ",
};

/** What the first line says of the secret that opens it; the daemon says what is wrong with the rest. */
const promptFor = (text: string): string | undefined => {
  try {
    const header: unknown = JSON.parse(text.slice(0, text.indexOf("\n")));
    const { protection } = Object.fromEntries(Object.entries(header ?? {}));
    return PROMPTS[String(protection)];
  } catch {
    return undefined;
  }
};

/** `skein restore FILE`: this node becomes the only manager of the cluster in a backup. */
export const run: Run = async (context, flags, [file = ""]) => {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`the backup can't be read: ${reason}`);
  });
  const prompt = promptFor(text);
  const nodeId = await context.client().backup.restore({
    Backup: text,
    Secret: prompt === undefined ? "" : await context.readSecret(prompt),
    ListenAddr: flags.get(addressFlags.listen) ?? "0.0.0.0:2377",
    AdvertiseAddr: flags.get(addressFlags.advertise) ?? "",
    DataPathAddr: flags.get(addressFlags.dataPath) ?? "",
  });
  context.out(
    `Cluster restored: current node (${nodeId}) is now its only manager.\n\n` +
      "Nodes of the cluster come back by themselves if a manager had the address of this one.\n" +
      "On others run 'skein swarm leave --force' first.\n\n",
  );
  await printJoinCommands(context, nodeId, { worker: true, manager: true });
};
