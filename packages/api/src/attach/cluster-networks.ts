import type { Backend, NamedNetwork } from "../backend.ts";
import { ANSWER_PATIENCE_MS, askEngine } from "../ask-engine.ts";
import type { EngineAccess } from "../ask-engine.ts";
import type { Call } from "../router.ts";
import { idAbove } from "./engine-names.ts";

/** What is needed to tell the cluster's networks from the engine's. */
export interface AttachDependencies extends EngineAccess {
  readonly backend: Backend;
}

const isLocalTo = async (call: Call, access: EngineAccess, ref: string): Promise<boolean> => {
  const path = `/v${call.version}/networks/${encodeURIComponent(ref)}`;
  const question = { method: "GET", path, signal: call.request.signal };
  const { status } = await askEngine(access, question, ANSWER_PATIENCE_MS);
  return status !== 404;
};

/**
 * The cluster's network that a name or id stands for; undefined when it is the engine's own, or nobody's.
 * What this node has is found without asking anybody.
 */
export const clusterNetworkNamed = async (
  call: Call,
  dependencies: AttachDependencies,
  ref: string,
): Promise<NamedNetwork | undefined> => {
  const { attachments } = dependencies.backend;
  const here = [...attachments.local().values()];
  const known = here.find(({ id }) => id === ref) ?? here.find(({ name }) => name === ref);
  if (known) return known;
  if (await isLocalTo(call, dependencies, ref)) return undefined;
  return attachments.find({ ref });
};

/**
 * The names of the cluster's networks in the text, by those of the engine's below. One that is not known
 * any more, while a container still has it, is left out.
 */
export const networksIn = async (
  text: string,
  { attachments }: Backend,
): Promise<ReadonlyMap<string, NamedNetwork>> => {
  const here = attachments.local();
  const names = new Map<string, NamedNetwork>();
  for (const [hidden] of text.matchAll(/skein-[01]-[0-9a-z]{25}/g)) {
    if (names.has(hidden)) continue;
    const network =
      here.get(hidden) ?? (await attachments.find({ ref: idAbove(hidden) }).catch(() => undefined)); // nobody to ask
    if (network) names.set(hidden, network);
  }
  return names;
};
