import type { Backend } from "@skein/api";
import type { Clock } from "@skein/base";
import { OperationError } from "@skein/base";
import { freshView, theCluster } from "@skein/manager";
import { writeBackup } from "@skein/platform";
import type { Protector } from "@skein/platform";
import type { ManagerRuntime } from "../manager/manager-runtime.ts";
import type { Membership } from "../membership/membership.ts";

const protectorOf = (passphrase: string, unlockKey: string): Protector => {
  if (passphrase !== "") return { protection: "passphrase", passphrase };
  return unlockKey === "" ? { protection: "none" } : { protection: "unlock-key", unlockKey };
};

/** The cluster's state in a file: read from the log at one moment, while everything goes on. */
export const newBackupBackend = (
  membership: Membership,
  manager: () => ManagerRuntime,
  clock: Clock,
): Backend["backup"] => ({
  make: async ({ passphrase }) => {
    const { store, home } = manager();
    await freshView(store, clock);
    const { id, unlockKey } = theCluster(store.view);
    const state = await home.log.load();
    if (!state.records.some(({ key }) => key === `clusters/${id}`))
      throw new OperationError("internal", "the state that was read does not hold the cluster");
    const protector = protectorOf(passphrase, unlockKey);
    return writeBackup(state, { clusterId: id, now: clock.now(), protector });
  },
  restore: ({ request }) => membership.restore(request),
});
