import type { Docker, TaskRow } from "./docker.ts";
import { until } from "./until.ts";

/** Flags that keep the docker command from asking a registry, and from waiting. */
const QUIET = ["--detach", "--no-resolve-image"];

/** Not every container of these tests heeds SIGTERM; a flag of the test itself comes later and wins. */
const IMPATIENT = ["--stop-grace-period", "1s"];

/** Creates a service of the demo image; `flags` come before the image, `command` after it. */
export const createService = (
  docker: Docker,
  name: string,
  flags: readonly string[] = [],
  command: readonly string[] = [],
): Promise<string> =>
  docker(
    "service",
    "create",
    ...QUIET,
    ...IMPATIENT,
    "--name",
    name,
    ...flags,
    "demo:1",
    ...command,
  );

/** Updates a service; its name goes last. */
export const updateService = (
  docker: Docker,
  name: string,
  flags: readonly string[],
): Promise<string> => docker("service", "update", ...QUIET, ...flags, name);

/** Waits until exactly `count` tasks of the service run and shall run. */
export const untilRunning = (
  docker: Docker,
  service: string,
  count: number,
  deadlineMs?: number,
): Promise<readonly TaskRow[]> =>
  until(
    `${count} running tasks of ${service}`,
    () => docker.running(service),
    (tasks) => tasks.length === count,
    deadlineMs,
  );

/** Removes services and waits until their containers are gone from the engines. */
export const removeServices = async (
  docker: Docker,
  engines: readonly Docker[],
  ...names: readonly string[]
): Promise<void> => {
  await docker("service", "rm", ...names);
  await until(
    `no containers of ${names.join(", ")}`,
    async () => (await Promise.all(engines.map((engine) => containersOf(engine, names)))).flat(),
    (containers) => containers.length === 0,
  );
};

/** The names of the containers, running or not, that belong to tasks of these services. */
export const containersOf = async (
  engine: Docker,
  services: readonly string[],
): Promise<readonly string[]> =>
  (await engine("ps", "--all", "--format", "{{.Names}}"))
    .split("\n")
    .filter((name) => services.some((service) => name.startsWith(`${service}.`)));
