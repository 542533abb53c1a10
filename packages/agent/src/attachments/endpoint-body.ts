import type { WantedPlace } from "@skein/model";
import { ENDPOINT_ALIASES_OPTION, ENDPOINT_FIXED_OPTION } from "@skein/wire";
import type { EngineEndpoint } from "../network/engine-network.ts";
import { dockerEndpointBody, networkIdOf } from "../network/engine-network.ts";

/** What is looked at of a container's endpoint in the engine's answers. */
export interface EngineEndpointSettings {
  readonly IPAMConfig?: { readonly IPv4Address?: string; readonly IPv6Address?: string } | null;
  readonly IPAddress?: string;
  readonly GlobalIPv6Address?: string;
  readonly Aliases?: readonly string[] | null;
  readonly DriverOpts?: Readonly<Record<string, string>> | null;
}

/**
 * The endpoint of a container outside of services for the engine. What an engine's own name server
 * knows it answers itself, and for this host only; so Docker is not told of further names, but they
 * are noted. Podman has no notes, and answers nothing on our networks.
 */
export const plainEndpointBody = (
  endpoint: EngineEndpoint,
  { aliases, fixed }: Pick<WantedPlace, "aliases" | "fixed">,
  engine: "docker" | "podman",
): Readonly<Record<string, unknown>> => ({
  ...dockerEndpointBody(endpoint),
  ...(engine === "podman"
    ? { Aliases: aliases }
    : {
        DriverOpts: {
          ...(aliases.length > 0 ? { [ENDPOINT_ALIASES_OPTION]: aliases.join(",") } : {}),
          ...(fixed ? { [ENDPOINT_FIXED_OPTION]: "true" } : {}),
        },
      }),
});

const wordsOf = (text: string): readonly string[] => text.split(",").filter((word) => word !== "");

/** The place that an endpoint in the engine stands for; undefined on a network that is not ours. */
export const placeOf = (
  containerId: string,
  network: string,
  settings: EngineEndpointSettings,
): WantedPlace | undefined => {
  const networkId = networkIdOf(network);
  if (networkId === undefined) return undefined;
  const { IPAMConfig, IPAddress, GlobalIPv6Address, DriverOpts, Aliases } = settings;
  const noted = DriverOpts?.[ENDPOINT_ALIASES_OPTION];
  const aliases =
    noted === undefined
      ? (Aliases ?? []).filter((alias) => !containerId.startsWith(alias))
      : wordsOf(noted);
  const addresses = [
    IPAMConfig?.IPv4Address ?? IPAddress ?? "",
    IPAMConfig?.IPv6Address ?? GlobalIPv6Address ?? "",
  ].filter((address) => address !== "");
  const fixed = DriverOpts?.[ENDPOINT_FIXED_OPTION] === "true";
  return { networkId, addresses, aliases, fixed };
};
