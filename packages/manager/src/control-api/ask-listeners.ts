import type { PortRange } from "@skein/model";
import type { View } from "@skein/store";
import type { Inquiries } from "../dispatcher/inquiries.ts";
import type { ListenersByNode, NodeListeners } from "./held-ports.ts";

/** How long nodes have; one that does not answer in time counts as free. */
const PATIENCE_MS = 1000;

/** What listens on the ports of the nodes that are here. Never rejects. */
export const askListeners = async (
  view: View,
  inquiries: Inquiries | undefined,
  ranges: readonly PortRange[],
): Promise<ListenersByNode> => {
  if (!inquiries || ranges.length === 0) return new Map();
  const nodes = [...view.all("nodes").values()].filter(({ status }) => status.state === "ready");
  const answers = await Promise.all(
    nodes.map(async ({ id }): Promise<readonly (readonly [string, NodeListeners])[]> => {
      try {
        return [[id, await inquiries.ask(id, { kind: "listeners", ranges }, PATIENCE_MS)]];
      } catch {
        return []; // away, slow or too old: creating a service must not depend on it
      }
    }),
  );
  return new Map(answers.flat());
};
