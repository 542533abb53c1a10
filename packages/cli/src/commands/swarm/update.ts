import type { SwarmSpec } from "@skein/wire";
import { ShowHelp } from "../../command/errors.ts";
import type { Run } from "../../command/spec.ts";
import { changeSwarm } from "./change.ts";
import { autolockFlag } from "./flags.ts";
import { fetchUnlockKey, printUnlockCommand } from "./output.ts";
import { mergeSettings } from "./settings.ts";

/** `skein swarm update`. */
export const run: Run = async (context, flags) => {
  if (flags.given().length === 0) throw new ShowHelp();
  const before = await changeSwarm(
    context,
    // What was complete stays complete: flags only replace settings.
    ({ Spec, TLSInfo }) => mergeSettings(Spec, flags, TLSInfo.TrustRoot ?? "") as SwarmSpec,
  );
  context.out("Swarm updated.\n");
  if (flags.on(autolockFlag) && !before.Spec.EncryptionConfig.AutoLockManagers)
    printUnlockCommand(context, await fetchUnlockKey(context.client()));
};
