import type { Attachments, ContainerPlace, Held, NetworkHead } from "@skein/agent";
import { engineNetworkName } from "@skein/agent";
import type { AskedPlace, AttachmentBackend, GivenPlace, NamedNetwork } from "@skein/api";
import { errorText } from "@skein/api";
import type { Logger, Random } from "@skein/base";
import { messageOf, newId, OperationError, rpcError } from "@skein/base";
import type { RefusedPlace, WantedPlace } from "@skein/model";
import { nodeResolvers } from "../agent/networking-parts.ts";
import { networkView } from "./network-view.ts";
import type { Membership } from "../membership/membership.ts";
import { notPartOfSwarm } from "../membership/texts.ts";

/** How the engine of this host wants a container's endpoint. */
export interface ContainerEndpoints {
  endpointBody(
    place: Pick<ContainerPlace, "endpoint">,
    wanted: Pick<WantedPlace, "aliases" | "fixed">,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** Whether a hardware address for the container as a whole is one for its first endpoint. */
  takesContainerMac(signal: AbortSignal): Promise<boolean>;
}

export interface AttachmentBackendDependencies {
  readonly membership: Membership;
  readonly random: Random;
  readonly logger: Logger;
  readonly containers: ContainerEndpoints;
}

/** A container would reach itself by such an address. */
const isLoopback = (address: string): boolean => address.startsWith("127.") || address === "::1";

const wantedPlace = ({ networkId, addresses, aliases }: AskedPlace): WantedPlace => ({
  networkId,
  addresses,
  aliases,
  fixed: addresses.length > 0,
});

const localNetworks = (heads: readonly NetworkHead[]): ReadonlyMap<string, NamedNetwork> =>
  new Map(heads.map((head) => [engineNetworkName(head), { id: head.id, name: head.name }]));

/** Docker's words for a refusal. */
const refusal = ({ kind, message }: RefusedPlace, name: string): OperationError =>
  new OperationError(
    kind,
    `Could not attach to network ${name}: ${errorText(rpcError(kind, message))}`,
  );

/** The attachments of this node's agent, as the API needs them. */
export const newAttachmentBackend = (
  dependencies: AttachmentBackendDependencies,
): AttachmentBackend => {
  const { membership, random, logger, containers } = dependencies;
  const { signal } = new AbortController();

  const agent = (): {
    readonly attachments: Attachments;
    readonly networks: readonly NetworkHead[];
  } => {
    const { state } = membership;
    const attachments = state.kind === "active" ? state.active.agent.attachments : undefined;
    if (state.kind !== "active" || !attachments) throw notPartOfSwarm();
    return { attachments, networks: state.active.agent.networks() };
  };

  const isMember = (): boolean => membership.state.kind === "active";

  const unlessRefused = async (
    held: Held,
  ): Promise<Extract<Held, { places: readonly ContainerPlace[] }>> => {
    if (!("refused" in held)) return held;
    const { refused } = held;
    const { attachments, networks } = agent();
    const here = networks.find(({ id }) => id === refused.networkId)?.name;
    const name = here ?? (await attachments.find(refused.networkId, signal))?.Name;
    throw refusal(refused, name ?? refused.networkId);
  };

  const givenPlace = async (place: ContainerPlace, wanted: WantedPlace): Promise<GivenPlace> => ({
    networkId: place.networkId,
    network: place.network,
    ...((await containers.takesContainerMac(signal)) ? { mac: place.endpoint.mac } : {}),
    endpoint: await containers.endpointBody(place, wanted, signal),
    gateways: place.gateways,
  });

  return {
    local: () => (isMember() ? localNetworks(agent().networks) : new Map()),
    view: ({ id }) => {
      const { state } = membership;
      const tables = state.kind === "active" ? state.active.agent.networkTables() : undefined;
      const network = tables?.networks.get(id);
      return tables && network && networkView(network, tables);
    },
    find: async ({ ref }) => {
      if (!isMember()) return undefined;
      const network = await agent().attachments.find(ref, signal);
      return network && { id: network.Id, name: network.Name };
    },
    hold: async ({ id = newId(random), name, places }) => {
      const networks = places.map(wantedPlace);
      const held = await agent().attachments.hold({ id, name, networks }, signal);
      const { places: given } = await unlessRefused(held);
      const complete = given.flatMap((place) => {
        const wanted = networks.find(({ networkId }) => networkId === place.networkId);
        return wanted ? [givenPlace(place, wanted)] : [];
      });
      return { id, places: await Promise.all(complete) };
    },
    restore: async ({ id }) => {
      const held = await agent().attachments.restore(id, signal);
      if (held) await unlessRefused(held);
    },
    settle: async ({ id }) => {
      if (!isMember()) return;
      await agent()
        .attachments.settle(id, signal)
        .catch((error: unknown) => {
          // The agent looks again by itself.
          logger.info("managers not told of a container yet", { reason: messageOf(error) });
        });
    },
    nameServers: () => nodeResolvers().filter((address) => !isLoopback(address)),
  };
};
