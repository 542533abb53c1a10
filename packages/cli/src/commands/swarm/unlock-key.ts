import type { Swarm, SwarmSpec } from "@skein/wire";
import { CommandError } from "../../command/errors.ts";
import type { Run } from "../../command/spec.ts";
import { changeSwarm } from "./change.ts";
import { quietToken, rotateKey } from "./flags.ts";
import { fetchUnlockKey, printUnlockCommand } from "./output.ts";

const keepLocked = ({ Spec }: Swarm): SwarmSpec => {
  if (Spec.EncryptionConfig.AutoLockManagers) return Spec;
  throw new CommandError("cannot rotate because autolock is not turned on");
};

/** `skein swarm unlock-key`. */
export const run: Run = async (context, flags) => {
  const quiet = flags.on(quietToken);
  if (flags.on(rotateKey)) {
    await changeSwarm(context, keepLocked, { managerUnlockKey: true });
    if (!quiet) context.out("Successfully rotated manager unlock key.\n");
  }
  const key = await fetchUnlockKey(context.client());
  if (key === "") throw new CommandError("no unlock key is set");
  if (quiet) context.out(`${key}\n`);
  else printUnlockCommand(context, key);
};
