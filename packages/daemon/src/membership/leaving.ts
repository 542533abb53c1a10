import type { Clock, Logger } from "@skein/base";
import { messageOf, OperationError } from "@skein/base";
import { freshView } from "@skein/manager";
import type { Node } from "@skein/model";
import type { Store, View } from "@skein/store";
import type { Member } from "./member.ts";

/** How long a manager that leaves waits until it is out of the quorum, in milliseconds. */
const WITHDRAW_MS = 15_000;
const POLL_MS = 50;

const managersOf = (view: View): readonly Node[] =>
  [...view.all("nodes").values()].filter(({ role }) => role === "manager");

const BEGIN =
  "You are attempting to leave the swarm on a node that is participating as a manager. ";
const RESTORE =
  "The only way to restore a swarm that has lost consensus is to reinitialize it with " +
  "`--force-new-cluster`. Use `--force` to suppress this message.";

/** The trailing blank of the first text is Docker's. */
const managerLeaves = (view: View): OperationError => {
  const managers = managersOf(view);
  const reachable = managers.filter(({ status }) => status.state === "ready").length;
  const unreachable = managers.length - reachable;
  if (managers.length <= 1)
    return new OperationError(
      "unavailable",
      `${BEGIN}Removing the last manager erases all current state of the swarm. Use \`--force\` to ignore this message. `,
    );
  const loss =
    reachable - 2 <= unreachable
      ? `Removing this node leaves ${reachable - 1} managers out of ${managers.length}. ` +
        "Without a Raft quorum your swarm will be inaccessible. "
      : "";
  return new OperationError("unavailable", `${BEGIN}${loss}${RESTORE}`);
};

/**
 * Why a manager does not leave without force, as Docker says it: which of its sentences depends on
 * what the cluster would lose, if that is known here.
 */
export const whyNotLeave = async (store: Store, clock: Clock): Promise<OperationError> => {
  try {
    await freshView(store, clock);
    return managerLeaves(store.view);
  } catch {
    return new OperationError("unavailable", `${BEGIN}${RESTORE}`);
  }
};

/**
 * Takes a manager out of the quorum before it goes, so that the others do not count it as lost (the
 * reference leaves it in). When it can't be done in time, it goes all the same.
 */
export const withdrawFromQuorum = async (
  member: Member,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<void> => {
  const { manager, local } = member;
  if (!manager || managersOf(manager.store.view).length <= 1) return;
  try {
    await manager.perform("managers.leave", { nodeId: local.nodeId });
    const deadline = clock.monotonic() + WITHDRAW_MS;
    // Out of the quorum this manager hears of it by its certificate, or not at all any more.
    while (member.local.role === "manager" && clock.monotonic() < deadline)
      await clock.sleep(POLL_MS);
  } catch (error) {
    logger.warn("left without being taken out of the quorum", { reason: messageOf(error) });
  }
};
