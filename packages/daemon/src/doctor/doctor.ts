import { problem } from "@skein/agent";
import { messageOf, OperationError } from "@skein/base";
import type { CheckGroup, DoctorReport, NetworkAudits } from "@skein/wire";
import { hostname } from "node:os";
import type { Membership, MembershipState } from "../membership/membership.ts";
import type { DoctorGroup, NodeUnderTest } from "./groups.ts";
import { groups as allGroups } from "./groups.ts";

export interface DoctorDependencies extends Omit<NodeUnderTest, "state" | "repair"> {
  readonly membership: Membership;
}

/** Which checks, and whether differences of networks are repaired. */
export interface Examination {
  /** Names of groups; none: all. */
  readonly groups: readonly string[];
  readonly repair: boolean;
}

const chosen = (names: readonly string[]): readonly DoctorGroup[] => {
  for (const name of names)
    if (!allGroups.some((group) => group.name === name))
      throw new OperationError(
        "invalid-parameter",
        `there are no checks "${name}": use ${allGroups.map((group) => group.name).join(", ")}`,
      );
  return names.length === 0 ? allGroups : allGroups.filter(({ name }) => names.includes(name));
};

const examineGroup = async (group: DoctorGroup, node: NodeUnderTest): Promise<CheckGroup> => {
  try {
    return { Name: group.name, Checks: await group.examine(node) };
  } catch (error) {
    const finding = `could not be looked at: ${messageOf(error)}`;
    const advice = "see the checks of the engine and the kernel";
    return { Name: group.name, Checks: [problem(group.name, finding, advice)] };
  }
};

const auditsOf = (state: MembershipState): { readonly NetworkAudits?: NetworkAudits } => {
  const counters = state.kind === "active" ? state.active.agent.auditCounters() : undefined;
  if (!counters) return {};
  const { audits, failed, found, repaired, lastAt } = counters;
  const LastAudit = lastAt === undefined ? "" : new Date(lastAt).toISOString();
  return {
    NetworkAudits: { Audits: audits, Failed: failed, Found: found, Repaired: repaired, LastAudit },
  };
};

/**
 * Looks at this node. A group that has nothing to look at is left out. Rejects (invalid-parameter) when
 * a group is not known.
 */
export const examineNode = async (
  { membership, ...parts }: DoctorDependencies,
  { groups, repair }: Examination,
): Promise<DoctorReport> => {
  const { state } = membership;
  const node = { ...parts, state, repair };
  const examined = await Promise.all(chosen(groups).map((group) => examineGroup(group, node)));
  const local = state.kind === "active" ? state.active.local : undefined;
  return {
    NodeID: local?.nodeId ?? "",
    Hostname: await parts.executor
      .describe(AbortSignal.timeout(1000))
      .then(({ Hostname = hostname() }) => Hostname)
      .catch(() => hostname()), // the engine is away, which its own check says
    Groups: examined.filter(({ Checks }) => Checks.length > 0),
    ...auditsOf(state),
  };
};
