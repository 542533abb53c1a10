import type { NamedNetwork } from "../backend.ts";

/** The engine's part of an overlay network: named `skein-<0 or 1>-<id>`, and nobody's business. */
export const isBehindOverlay = (name = ""): boolean => /^skein-[01]-[0-9a-z]{25}$/.test(name);

/** The id of the cluster's network above the engine's network of this name. */
export const idAbove = (name: string): string => name.slice("skein-0-".length);

/** Whether the text speaks of an engine's network below one of ours. */
export const mentionsHidden = (text: string): boolean => /skein-[01]-[0-9a-z]{25}/.test(text);

/** The engine's words, with the cluster's networks by the names that people gave them. */
export const withClusterNames = (
  text: string,
  networks: ReadonlyMap<string, NamedNetwork>,
): string =>
  text.replaceAll(/skein-[01]-[0-9a-z]{25}/g, (hidden) => networks.get(hidden)?.name ?? hidden);
