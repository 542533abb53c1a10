import { expect, test } from "vitest";
import type { Workload } from "@skein/agent";
import type { ContainerSpec } from "@skein/wire";
import { graceSeconds, toContainerConfig } from "./container-config.ts";

const workload = (
  container: Partial<ContainerSpec> = {},
  parts: Partial<Workload> = {},
): Workload => ({
  taskId: "t1",
  taskName: "web.1.t1",
  nodeId: "n1",
  serviceId: "s1",
  serviceName: "web",
  container: { Image: "bb:1", Isolation: "default", ...container },
  networks: [],
  overlays: [],
  ports: [],
  genericResources: [],
  files: [],
  ...parts,
});

test("labels of swarm win over the user's", () => {
  const { Labels } = toContainerConfig(
    workload({ Labels: { a: "b", "com.docker.swarm.task.id": "mine" } }),
    [],
  );
  expect(Labels).toMatchObject({ a: "b", "com.docker.swarm.task.id": "t1" });
});

test("a command replaces the image's entrypoint, arguments alone its command", () => {
  expect(toContainerConfig(workload({ Command: ["a"], Args: ["b"] }), [])).toMatchObject({
    Entrypoint: ["a"],
    Cmd: ["b"],
  });
  const args = toContainerConfig(workload({ Args: ["b"] }), []);
  expect(args.Cmd).toEqual(["b"]);
  expect("Entrypoint" in args).toBe(false);
});

test("limits bind, reservations do not", () => {
  const { HostConfig } = toContainerConfig(
    workload(
      {},
      { resources: { Limits: { NanoCPUs: 5e8, Pids: 9 }, Reservations: { MemoryBytes: 1 } } },
    ),
    [],
  );
  expect(HostConfig).toMatchObject({ NanoCpus: 5e8, PidsLimit: 9 });
  expect(HostConfig.Memory).toBeUndefined();
  expect("MemoryReservation" in HostConfig).toBe(false);
});

test("only the engine's own networks are joined", () => {
  const mode = (...targets: readonly string[]): string | undefined =>
    toContainerConfig(workload({}, { networks: targets.map((Target) => ({ Target })) }), [])
      .HostConfig.NetworkMode;
  expect(mode()).toBe("default");
  expect(mode("host")).toBe("host");
  expect(mode("none")).toBe("none");
  expect(mode("front")).toBe("default");
});

test("ports in host mode are bound; a port without number gets any", () => {
  const { ExposedPorts, HostConfig } = toContainerConfig(
    workload(
      {},
      {
        ports: [
          { TargetPort: 80, PublishedPort: 8080 },
          { TargetPort: 80, PublishedPort: 8081 },
          { TargetPort: 53, Protocol: "udp" },
        ],
      },
    ),
    [],
  );
  expect(ExposedPorts).toEqual({ "80/tcp": {}, "53/udp": {} });
  expect(HostConfig.PortBindings).toEqual({
    "80/tcp": [{ HostPort: "8080" }, { HostPort: "8081" }],
    "53/udp": [{ HostPort: "" }],
  });
});

test("hosts, security options and generic resources are put in the engine's forms", () => {
  const { HostConfig, Env } = toContainerConfig(
    workload(
      {
        Env: ["A=b"],
        Hosts: ["10.0.0.1 one  two", "bad"],
        Privileges: {
          CredentialSpec: null,
          SELinuxContext: { Disable: false, User: "u", Role: "", Type: "t", Level: "" },
          Seccomp: { Mode: "custom", Profile: "e30=" },
          AppArmor: { Mode: "disabled" },
          NoNewPrivileges: true,
        },
      },
      { genericResources: [{ DiscreteResourceSpec: { Kind: "ssd", Value: 2 } }] },
    ),
    [],
  );
  expect(HostConfig.ExtraHosts).toEqual(["one:10.0.0.1", "two:10.0.0.1"]);
  expect(HostConfig.SecurityOpt).toEqual([
    "label=user:u",
    "label=type:t",
    "seccomp={}",
    "apparmor=unconfined",
    "no-new-privileges=true",
  ]);
  expect(Env).toEqual(["A=b", "DOCKER_RESOURCE_SSD=2"]);
});

test("binds that make their source are lines, files are read-only mounts", () => {
  const { HostConfig } = toContainerConfig(
    workload({
      Mounts: [
        {
          Type: "bind",
          Source: "/a",
          Target: "/b",
          ReadOnly: true,
          BindOptions: { CreateMountpoint: true, Propagation: "rslave" },
        },
        { Source: "/c", Target: "/d" },
      ],
    }),
    [{ path: "/run/x/0", target: "/run/secrets/pw" }],
  );
  expect(HostConfig.Binds).toEqual(["/a:/b:ro,rslave"]);
  expect(HostConfig.Mounts).toEqual([
    { Type: "bind", Source: "/c", Target: "/d" },
    { Type: "bind", Source: "/run/x/0", Target: "/run/secrets/pw", ReadOnly: true },
  ]);
});

test("a cluster volume is refused, as is a tmpfs with a source", () => {
  const mount =
    (Type: "cluster" | "tmpfs"): (() => unknown) =>
    () =>
      toContainerConfig(workload({ Mounts: [{ Type, Source: "x", Target: "/x" }] }), []);
  expect(mount("cluster")).toThrow("invalid mount type: cluster");
  expect(mount("tmpfs")).toThrow("invalid tmpfs source, source must be empty");
});

test("a grace period of less than a second is not none", () => {
  expect(graceSeconds(100)).toBe(1);
  expect(graceSeconds(0)).toBe(0);
  expect(graceSeconds(10_000)).toBe(10);
  expect(toContainerConfig(workload({ StopGracePeriod: 25e8 }), []).StopTimeout).toBe(3);
});
