import type { Programs } from "./programs.ts";

/**
 * Loads modules that the kernel does not load by itself: without br_netfilter a bridge takes its settings, and
 * ignores them. What is built in needs none of this, so that a failure means nothing.
 */
export const loadModules = async (programs: Programs): Promise<void> => {
  await programs.run("sh", ["-c", "modprobe -qa br_netfilter vxlan nf_conntrack_netlink; true"]);
};
