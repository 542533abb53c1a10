/** Marks what stands for each engine's own `host` and `bridge`: never listed; users may not set it. */
export const PREDEFINED_LABEL = "com.docker.swarm.predefined";
