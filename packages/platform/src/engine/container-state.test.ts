import { expect, test } from "vitest";
import { toContainerState, toContainerSummary } from "./container-state.ts";

const ran = "2024-01-01T00:00:00Z";
const never = "0001-01-01T00:00:00Z";

test("phases of Docker and Podman", () => {
  const phase = (State: Parameters<typeof toContainerState>[0]["State"]): string =>
    toContainerState({ Id: "c", State }).phase;
  expect(phase({ Status: "created", StartedAt: never })).toBe("created");
  expect(phase({ Status: "running", Running: true, StartedAt: ran })).toBe("running");
  expect(phase({ Status: "paused", Running: true, Paused: true, StartedAt: ran })).toBe("running");
  expect(phase({ Status: "stopping", Running: false, StartedAt: ran })).toBe("running");
  expect(phase({ Status: "exited", Running: false, StartedAt: ran })).toBe("exited");
  // Docker's failed start leaves an exit code on a container that never ran.
  expect(phase({ Status: "created", StartedAt: never, ExitCode: 127 })).toBe("created");
});

test("health is that of the engine; Podman's silence before the first check is `starting`", () => {
  const health = (Status: string, Test?: readonly string[]): string | undefined =>
    toContainerState({
      Id: "c",
      State: { Running: true, Health: { Status } },
      Config: Test ? { Healthcheck: { Test } } : {},
    }).health;
  expect(health("healthy", ["CMD", "x"])).toBe("healthy");
  expect(health("", ["CMD", "x"])).toBe("starting");
  expect(health("", ["NONE"])).toBeUndefined();
  expect(health("none")).toBeUndefined();
});

test("a port that is mapped on both address families is told once", () => {
  const { ports } = toContainerState({
    Id: "c",
    State: { Running: true, Pid: 1 },
    NetworkSettings: {
      Ports: { "80/tcp": [{ HostPort: "8080" }, { HostPort: "8080" }], "81/tcp": null },
    },
  });
  expect(ports).toEqual([
    { Protocol: "tcp", TargetPort: 80, PublishedPort: 8080, PublishMode: "host" },
  ]);
});

test("only containers of tasks are listed, with their health when it is told", () => {
  const Labels = { "com.docker.swarm.task.id": "t1" };
  expect(toContainerSummary({ Id: "c", State: "running", Labels: {} })).toBeUndefined();
  expect(
    toContainerSummary({ Id: "c", State: "running", Status: "Up 1 second (healthy)", Labels }),
  ).toEqual({ id: "c", taskId: "t1", phase: "running", health: "healthy" });
  expect(
    toContainerSummary({ Id: "c", State: "running", Status: "Up (health: starting)", Labels }),
  ).toMatchObject({ health: "starting" });
  expect(toContainerSummary({ Id: "c", State: "dead", Labels })).toMatchObject({ phase: "exited" });
});
