import type { Outcome } from "./run.ts";
import { output, run } from "./run.ts";

/** A task as `docker service ps` prints it. */
export interface TaskRow {
  readonly ID: string;
  readonly Name: string;
  readonly Image: string;
  readonly Node: string;
  readonly DesiredState: string;
  readonly CurrentState: string;
  readonly Error: string;
}

/** A node as `docker node ls` prints it. */
interface NodeRow {
  readonly ID: string;
  readonly Hostname: string;
  readonly Status: string;
  readonly Availability: string;
  readonly ManagerStatus: string;
}

/** The stock docker command, pointed at one socket. */
export interface Docker {
  /** Must succeed; resolves to what it printed. */
  (...args: readonly string[]): Promise<string>;
  /** Whatever happens. */
  readonly attempt: (...args: readonly string[]) => Promise<Outcome>;
  readonly nodes: () => Promise<readonly NodeRow[]>;
  /** All tasks of a service, newest first. */
  readonly tasks: (service: string) => Promise<readonly TaskRow[]>;
  /** The tasks that run and shall run. */
  readonly running: (service: string) => Promise<readonly TaskRow[]>;
}

const rows = (text: string): unknown[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line));

/** The stock docker command for the Docker API on this Unix socket. */
export const dockerOn = (socket: string): Docker => {
  const env = { DOCKER_HOST: `unix://${socket}` };
  const docker = (...args: readonly string[]): Promise<string> => output("docker", args, env);
  const tasks = async (service: string): Promise<readonly TaskRow[]> =>
    rows(
      await docker("service", "ps", "--no-trunc", "--format", "{{json .}}", service),
    ) as TaskRow[];
  return Object.assign(docker, {
    attempt: (...args: readonly string[]) => run("docker", args, env),
    nodes: async () => rows(await docker("node", "ls", "--format", "{{json .}}")) as NodeRow[],
    tasks,
    running: async (service: string) =>
      (await tasks(service)).filter(
        (task) => task.DesiredState === "Running" && task.CurrentState.startsWith("Running"),
      ),
  });
};
