/**
 * Marks an engine's network that lies under one of the cluster's: with the cluster network's id as
 * its value. Never pruned, whatever the engine thinks of its use.
 */
export const ENGINE_NETWORK_LABEL = "io.skein.network";

/**
 * Options of a container's endpoint that we note in the engine, for containers outside of services:
 * names besides the container's own, separated by commas, and whether its address was asked for.
 * Clients are not shown options that begin with {@link ENDPOINT_OPTION_PREFIX}.
 */
export const ENDPOINT_OPTION_PREFIX = "io.skein.";
export const ENDPOINT_ALIASES_OPTION = "io.skein.aliases";
export const ENDPOINT_FIXED_OPTION = "io.skein.fixed";
