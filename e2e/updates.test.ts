/** Rolling updates and rollbacks, with the stock docker command. */
import { expect, test } from "vitest";
import { withPlayground } from "./support/playground.ts";
import { createService, untilRunning, updateService } from "./support/service.ts";
import { until } from "./support/until.ts";

const cluster = withPlayground("updates");

const stateOf = (service: string): Promise<string> =>
  cluster.docker()(
    "service",
    "inspect",
    "--format",
    "{{with .UpdateStatus}}{{.State}}{{end}}",
    service,
  );

const untilState = (service: string, state: string): Promise<string> =>
  until(
    `${service} is ${state}`,
    () => stateOf(service),
    (seen) => seen === state,
    60_000,
  );

const imagesOf = async (service: string): Promise<readonly string[]> =>
  (await cluster.docker().running(service)).map(({ Image }) => Image);

test("a rolling update replaces every task, one after another", async () => {
  const docker = cluster.docker();
  await createService(docker, "roll", [
    "--replicas",
    "3",
    "--update-delay",
    "300ms",
    "--stop-grace-period",
    "2s",
  ]);
  await untilRunning(docker, "roll", 3);
  await updateService(docker, "roll", ["--image", "demo:2"]);
  let fewest = 3;
  await until(
    "the update is completed",
    async () => {
      fewest = Math.min(fewest, (await docker.running("roll")).length);
      return stateOf("roll");
    },
    (state) => state === "completed",
    60_000,
  );
  expect(fewest).toBeGreaterThanOrEqual(2);
  expect(await imagesOf("roll")).toEqual(["demo:2", "demo:2", "demo:2"]);
});

test("a rollback by hand brings the previous version back", async () => {
  const docker = cluster.docker();
  await docker("service", "rollback", "--detach", "roll");
  await untilState("roll", "rollback_completed");
  await untilRunning(docker, "roll", 3);
  expect(await imagesOf("roll")).toEqual(["demo:1", "demo:1", "demo:1"]);
  await docker("service", "rm", "roll");
});

test("start-first never has fewer tasks than wanted", async () => {
  const docker = cluster.docker();
  await createService(docker, "first", ["--replicas", "2", "--update-order", "start-first"]);
  await untilRunning(docker, "first", 2);
  await updateService(docker, "first", ["--image", "demo:2"]);
  let fewest = 2;
  await until(
    "the update is completed",
    async () => {
      const running = (await docker.tasks("first")).filter(({ CurrentState }) =>
        CurrentState.startsWith("Running"),
      );
      fewest = Math.min(fewest, running.length);
      return stateOf("first");
    },
    (state) => state === "completed",
    60_000,
  );
  expect(fewest).toBe(2);
  await docker("service", "rm", "first");
});

test("a failing update pauses, and the old tasks go on", async () => {
  const docker = cluster.docker();
  await createService(docker, "pauses", [
    "--replicas",
    "3",
    "--update-monitor",
    "2s",
    "--restart-delay",
    "200ms",
  ]);
  await untilRunning(docker, "pauses", 3);
  // It never runs, so the update cannot have gone on to the next task before it is seen to fail.
  await updateService(docker, "pauses", ["--args", "no-such-command"]);
  await untilState("pauses", "paused");
  await untilRunning(docker, "pauses", 2);
  await docker("service", "rm", "pauses");
});

test("a failing update rolls itself back when told so", async () => {
  const docker = cluster.docker();
  await createService(docker, "returns", [
    "--replicas=2",
    "--update-failure-action=rollback",
    "--update-monitor=2s",
    "--rollback-monitor=1s",
    "--restart-delay=200ms",
  ]);
  await untilRunning(docker, "returns", 2);
  await updateService(docker, "returns", ["--args", "sh -c 'exit 7'"]);
  await untilState("returns", "rollback_completed");
  await untilRunning(docker, "returns", 2);
  const format = "{{json .Spec.TaskTemplate.ContainerSpec.Args}}";
  expect(await docker("service", "inspect", "--format", format, "returns")).toBe("null");
  await docker("service", "rm", "returns");
});
