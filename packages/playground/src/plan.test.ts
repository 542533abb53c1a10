import { expect, test } from "vitest";
import type { UpOptions } from "./plan.ts";
import { hostNamed, planPlayground } from "./plan.ts";

const options = (changes: Partial<UpOptions> = {}): UpOptions => ({
  name: "lab",
  managers: 1,
  workers: 2,
  engines: [],
  daemon: "skein",
  join: true,
  engineLabels: [],
  ...changes,
});

const plan = (changes: Partial<UpOptions> = {}): ReturnType<typeof planPlayground> =>
  planPlayground(options(changes), "/state", 7);

test("managers come first; every host has names, addresses and paths of its own", () => {
  const { hosts, subnet, gateway, uplink, switchNetns } = plan();
  expect([subnet, gateway, uplink, switchNetns]).toEqual([
    "10.210.7.0/24",
    "10.210.7.254",
    "skpg7",
    "skein.lab.switch",
  ]);
  expect(hosts.map((host) => [host.name, host.hostname, host.role, host.address])).toEqual([
    ["manager1", "lab-manager1", "manager", "10.210.7.1"],
    ["worker1", "lab-worker1", "worker", "10.210.7.2"],
    ["worker2", "lab-worker2", "worker", "10.210.7.3"],
  ]);
  expect(hosts[1]).toMatchObject({
    netns: "skein.lab.worker1",
    socket: "/state/lab/worker1/skein.sock",
    engineSocket: "/state/lab/worker1/docker.sock",
    cgroup: "/skein-playground-lab/worker1",
  });
});

test("without a Skein daemon the engine's socket is the node's", () => {
  for (const host of plan({ daemon: "none" }).hosts) expect(host.socket).toBe(host.engineSocket);
});

test("the last engine that fits a host counts", () => {
  const engines = (...choices: string[]): string[] =>
    plan({ engines: choices }).hosts.map((host) => host.engine);
  expect(engines()).toEqual(["docker", "docker", "docker"]);
  expect(engines("podman")).toEqual(["podman", "podman", "podman"]);
  expect(engines("worker2=podman")).toEqual(["docker", "docker", "podman"]);
  expect(engines("podman", "manager1=docker")).toEqual(["docker", "podman", "podman"]);
});

test.each([
  [{ name: "Has Blank" }, "not a name"],
  [{ name: "../up" }, "not a name"],
  [{ managers: 0 }, "--managers"],
  [{ workers: -1 }, "--workers"],
  [{ subnet: "10.1.2.0/30" }, "do not fit"],
  [{ subnet: "ten" }, "not an IPv4 subnet"],
  [{ engines: ["rkt"] }, "not an engine"],
  [{ engines: ["worker9=podman"] }, 'no host "worker9"'],
  [{ engineLabels: ["has blank=1"] }, "not a label"],
  [{ daemon: "none", engines: ["worker1=podman"] }, "no swarm mode of its own"],
] as const)("%j is refused", (changes, message) => {
  expect(() => plan(changes)).toThrow(message);
});

test("a state directory must leave room for the paths of sockets", () => {
  expect(() => planPlayground(options(), `/${"long/".repeat(20)}`, 0)).toThrow("too long a path");
});

test("hosts are found by name and by hostname", () => {
  expect(hostNamed(plan(), "worker2").address).toBe("10.210.7.3");
  expect(hostNamed(plan(), "lab-worker2").address).toBe("10.210.7.3");
  expect(() => hostNamed(plan(), "worker3")).toThrow("it has manager1, worker1, worker2");
});
