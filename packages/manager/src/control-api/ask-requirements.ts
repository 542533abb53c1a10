import { rpcError } from "@skein/base";
import type { View } from "@skein/store";
import type { Inquiries } from "../dispatcher/inquiries.ts";

/** How long nodes have: the first time they try everything out. */
const PATIENCE_MS = 3000;

/** What one node lacks for overlay networks, in its own words; empty when it has all. */
export interface NodeRequirements {
  readonly hostname: string;
  readonly missing: readonly string[];
}

/** Asks the nodes that are here what they lack. Those that do not answer in time are left out. */
export const askRequirements = async (
  view: View,
  inquiries: Inquiries | undefined,
): Promise<readonly NodeRequirements[]> => {
  if (!inquiries) return [];
  const nodes = [...view.all("nodes").values()].filter(({ status }) => status.state === "ready");
  const answers = await Promise.all(
    nodes.map(async ({ id, description }): Promise<readonly NodeRequirements[]> => {
      try {
        const { missing } = await inquiries.ask(id, { kind: "requirements" }, PATIENCE_MS);
        return [{ hostname: description?.Hostname ?? id, missing }];
      } catch {
        return []; // away, slow or too old
      }
    }),
  );
  return answers.flat();
};

/**
 * Refuses a network that no node could have, naming what is missing (failed-precondition). Returns a
 * warning when only some could not; empty when all can.
 */
export const checkRequirements = (nodes: readonly NodeRequirements[]): string => {
  const lacking = nodes.filter(({ missing }) => missing.length > 0);
  const told = lacking.map(({ hostname, missing }) => `node ${hostname}: ${missing.join("; ")}`);
  if (lacking.length === 0) return "";
  if (lacking.length === nodes.length)
    throw rpcError("failed-precondition", `no node can have overlay networks: ${told.join(". ")}`);
  return `tasks on this network cannot run on ${told.join(". ")}`;
};
