import type { QuestionType, Resolution } from "../discovery/resolve.ts";
import { resolve } from "../discovery/resolve.ts";
import type { LiveNetwork } from "../network/tables/live-network.ts";

/**
 * Answers a question of a container, known by its address. The client asks from one of its networks; it may use
 * the names of all of them, but those of ingress.
 */
export const resolveFor = (
  all: readonly LiveNetwork[],
  client: string,
  question: { readonly name: string; readonly type: QuestionType },
): Resolution => {
  const ids = all.flatMap((network) => network.endpointsAt(client).map(({ id }) => id));
  const home = all.filter(
    ({ head, endpoints }) => !head.ingress && ids.some((id) => endpoints.has(id)),
  );
  return resolve(home, question);
};
