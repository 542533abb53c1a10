import { OperationError } from "@skein/base";
import type { View } from "@skein/store";
import type { DoctorReport } from "@skein/wire";
import type { Inquiries } from "../dispatcher/inquiries.ts";
import { findNode } from "../present/lookup.ts";

/** How long a node may take for its checks, in milliseconds: some of them try things out. */
const EXAMINATION_MS = 20_000;

/** Whose checks, and which. */
export interface Examination {
  /** Id, name or prefix of an id. */
  readonly node: string;
  readonly groups: readonly string[];
  readonly repair: boolean;
}

/** What asking nodes needs: only the leader has it. Throws (unavailable) elsewhere. */
export const asking = (inquiries: Inquiries | undefined): Inquiries => {
  if (inquiries) return inquiries;
  throw new OperationError("unavailable", "this manager does not lead: ask again");
};

/**
 * A node's own checks. Rejects (not-found) when there is no such node, (unavailable) when it has no
 * session, (deadline-exceeded) when it does not answer.
 */
export const examineNode = async (
  view: View,
  inquiries: Inquiries | undefined,
  { node, groups, repair }: Examination,
): Promise<DoctorReport> => {
  const { id } = findNode(view, node);
  return asking(inquiries).ask(id, { kind: "doctor", groups, repair }, EXAMINATION_MS);
};
