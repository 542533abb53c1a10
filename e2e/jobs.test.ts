/** Services that end: replicated and global jobs, with the stock docker command. */
import { expect, test } from "vitest";
import { withPlayground } from "./support/playground.ts";
import { createService, updateService } from "./support/service.ts";
import { until } from "./support/until.ts";

const cluster = withPlayground("jobs");

const replicasOf = (service: string): Promise<string> =>
  cluster.docker()("service", "ls", "--filter", `name=${service}`, "--format", "{{.Replicas}}");

const untilReplicas = (service: string, pattern: RegExp): Promise<string> =>
  until(
    `${service} shows ${String(pattern)}`,
    () => replicasOf(service),
    (shown) => pattern.test(shown),
  );

test("a replicated job runs its tasks to their end, some at a time, and does not restart them", async () => {
  const docker = cluster.docker();
  const flags = ["--mode", "replicated-job", "--replicas", "5", "--max-concurrent", "2"];
  await createService(docker, "batch", flags, ["sh", "-c", "sleep 0.5"]);
  let most = 0;
  await until(
    "five tasks are complete",
    async () => {
      most = Math.max(most, (await docker.running("batch")).length);
      return replicasOf("batch");
    },
    (shown) => shown.includes("5/5 completed"),
    60_000,
  );
  expect(most).toBeLessThanOrEqual(2);
  const tasks = await docker.tasks("batch");
  expect(tasks.map(({ CurrentState }) => CurrentState.split(" ")[0])).toEqual(
    Array.from({ length: 5 }, () => "Complete"),
  );
  await updateService(docker, "batch", ["--force"]);
  await untilReplicas("batch", /[0-4]\/5 completed/);
  await untilReplicas("batch", /5\/5 completed/);
  await docker("service", "rm", "batch");
});

test("a failing job is tried again as often as its policy says", async () => {
  const docker = cluster.docker();
  const flags = [
    "--mode",
    "replicated-job",
    "--restart-max-attempts",
    "2",
    "--restart-delay",
    "100ms",
  ];
  await createService(docker, "doomed", flags, ["sh", "-c", "exit 6"]);
  const tasks = await until(
    "three attempts have failed",
    () => docker.tasks("doomed"),
    (all) => all.filter(({ CurrentState }) => CurrentState.startsWith("Failed")).length === 3,
  );
  expect(tasks[0]?.Error).toContain("non-zero exit (6)");
  await docker("service", "rm", "doomed");
});

test("a global job runs once on each node", async () => {
  const docker = cluster.docker();
  await createService(docker, "everywhere", ["--mode", "global-job"], ["true"]);
  await untilReplicas("everywhere", /3\/3 completed/);
  const tasks = await docker.tasks("everywhere");
  expect(new Set(tasks.map(({ Node }) => Node)).size).toBe(3);
  expect(tasks).toHaveLength(3);
  await docker("service", "rm", "everywhere");
});
