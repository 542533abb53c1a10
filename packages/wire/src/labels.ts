/**
 * Marks an engine's network that lies under one of the cluster's: with the cluster network's id as
 * its value. Never pruned, whatever the engine thinks of its use.
 */
export const ENGINE_NETWORK_LABEL = "io.skein.network";
