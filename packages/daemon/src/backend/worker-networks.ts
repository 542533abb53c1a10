import type { Filters } from "@skein/api";
import { OperationError } from "@skein/base";
import { networkPasses } from "@skein/manager";
import type { Network } from "@skein/wire";
import type { Membership } from "../membership/membership.ts";

/** The networks that this worker is on, as the managers describe them. */
const networksHere = async ({ state }: Membership): Promise<readonly Network[]> => {
  if (state.kind !== "active") return [];
  const { agent } = state.active;
  const { signal } = new AbortController();
  const found = await Promise.all(
    agent.networks().map(async ({ id }) => {
      try {
        return await agent.attachments?.find(id, signal);
      } catch {
        return undefined; // while no manager answers nothing is known but that it is there
      }
    }),
  );
  return found.filter((network) => network !== undefined);
};

/** What a worker lists of the cluster's networks: those that it is on. */
export const listOnWorker = async (
  membership: Membership,
  { filters }: { readonly filters: Filters },
): Promise<readonly Network[]> => {
  const here = await networksHere(membership);
  return here.filter((network) => networkPasses(network, filters));
};

/** One that this worker is on. Rejects (not-found) for all others, as the reference does. */
export const getOnWorker = async (
  membership: Membership,
  { ref }: { readonly ref: string },
): Promise<Network> => {
  const here = await networksHere(membership);
  const network =
    here.find(({ Id }) => Id === ref) ??
    here.find(({ Name }) => Name === ref) ??
    here.find(({ Id }) => ref !== "" && Id.startsWith(ref));
  if (network) return network;
  throw new OperationError("not-found", `network ${ref} not found`);
};
