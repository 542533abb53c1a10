import { modify } from "@skein/sdk";
import type { Run } from "../../command/spec.ts";
import { detachFlag, quietProgress } from "../../flags/common.ts";
import { RETRIES, printWarnings, waitForService } from "./wait.ts";

/** `skein service rollback`. */
export const run: Run = async (context, flags, [ref = ""]) => {
  const { services } = context.client();
  const answer = await modify(
    () => services.inspect(ref),
    ({ ID, Version, Spec }) => services.update(ID, Version.Index ?? 0, Spec, { rollback: true }),
    { clock: context.clock, ...RETRIES },
  );
  printWarnings(context, answer.Warnings);
  context.out(`${ref}\n`);
  if (!flags.on(detachFlag)) await waitForService(context, ref, flags.on(quietProgress));
};
