import type { TaskRow } from "./docker.ts";
import type { Playground } from "./playground.ts";
import { SKEIN } from "./playground.ts";

/** What leads a command of this machine into the network of a task's container: `env ...inside COMMAND`. */
export const insideOf = async (
  cluster: Playground,
  { ID, Name, Node }: TaskRow,
): Promise<readonly string[]> => {
  const name = Node.slice(cluster.name.length + 1);
  const engine = cluster.engine(name);
  const id = await engine("ps", "--quiet", "--filter", `name=${Name}.${ID}`);
  const pid = await engine("inspect", "--format", "{{.State.Pid}}", id);
  const host = [SKEIN, "playground", "exec", "--name", cluster.name, name, "--"];
  return [...host, "nsenter", "--net", "--target", pid];
};
