/** The executor's contract on real engines, and what only real engines can show. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import type { Workload } from "@skein/agent";
import { silentLogger } from "@skein/base";
import { newEngineExecutor, systemClock } from "@skein/platform";
import type { EngineExecutor } from "@skein/platform";
import type { ContainerSpec } from "@skein/wire";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aWorkload, calm, executorContract, untilPhase } from "../contracts/executor.ts";
import type { Programs } from "../contracts/executor.ts";
import { playground, playgroundName } from "./support/playground.ts";
import { until } from "./support/until.ts";

const engines = ["docker", "podman"] as const;
type Engine = (typeof engines)[number];

const hosts = playground(playgroundName("executor"), [
  "--workers",
  "1",
  "--engine",
  "worker1=podman",
]);
const hostOf: Readonly<Record<Engine, string>> = { docker: "manager1", podman: "worker1" };

beforeAll(async () => {
  await hosts.down();
  await hosts.up();
  // The executor has the engines for itself: an agent would clean up what it does not know.
  for (const host of Object.values(hostOf)) await hosts.command("kill", host, "--daemon");
});
afterAll(() => hosts.down());

const shell = (script: string): Partial<ContainerSpec> => ({
  Image: "demo:1",
  Command: ["sh", "-c", script],
});

const everySecond = (Test: readonly string[]): Pick<ContainerSpec, "Healthcheck"> => ({
  Healthcheck: { Test, Interval: 1e9, Timeout: 1e9, Retries: 2 },
});

const programs: Programs = {
  obedient: shell("trap 'exit 7' TERM; while :; do sleep 0.1; done"),
  stubborn: shell("trap '' TERM; while :; do sleep 0.1; done"),
  brief: shell("echo out; echo err >&2; exit 3"),
  broken: { Image: "demo:1", Command: ["/no/such/program"] },
  healthy: { ...shell("sleep 1000"), ...everySecond(["CMD", "true"]) },
  sick: { ...shell("sleep 1000"), ...everySecond(["CMD", "false"]) },
};

/** A directory in memory that the hosts of the playground see too. */
const memory = (): Promise<string> => mkdtemp("/dev/shm/skein-executor-");

const open = async (
  engine: Engine,
): Promise<{ readonly executor: EngineExecutor; readonly filesDir: string }> => {
  const { engineSocket } = await hosts.host(hostOf[engine]);
  const filesDir = await memory();
  const executor = newEngineExecutor(
    { socketPath: engineSocket, filesDir },
    { clock: systemClock, logger: silentLogger },
  );
  return { executor, filesDir };
};

for (const engine of engines)
  executorContract(engine, async () => {
    const { executor, filesDir } = await open(engine);
    return {
      executor,
      programs,
      close: async () => {
        for (const { id } of await executor.list(calm)) await executor.remove(id, calm);
        executor.close();
        await rm(filesDir, { recursive: true });
      },
    };
  });

describe.each(engines)("a container on %s", (engine) => {
  let opened: Awaited<ReturnType<typeof open>> | undefined;
  beforeAll(async () => {
    opened = await open(engine);
  });
  afterAll(async () => {
    const { executor, filesDir } = subject();
    for (const { id } of await executor.list(calm)) await executor.remove(id, calm);
    executor.close();
    await rm(filesDir, { recursive: true });
  });
  const subject = (): NonNullable<typeof opened> => {
    if (opened === undefined) throw new Error("the engine was not opened");
    return opened;
  };

  /** Runs a script to its end; what it printed. */
  const printed = async (workload: Workload): Promise<string> => {
    const { executor } = subject();
    const { id } = await executor.prepare(workload, calm);
    await executor.start(id, calm);
    await untilPhase(executor, id, "exited");
    const options = { follow: false, tail: -1, since: 0, stdout: true, stderr: true };
    let text = "";
    for await (const { data } of executor.logs({ id, taskId: workload.taskId }, options, calm))
      text += new TextDecoder().decode(data);
    await executor.remove(id, calm);
    return text;
  };
  const run = (script: string, spec: Partial<ContainerSpec> = {}): Promise<string> =>
    printed(aWorkload({ container: { ...shell(script), ...spec } }));

  test("has the environment, user, directory, hostname and hosts of its spec", async () => {
    const text = await run("echo $A $(id -u):$(id -g) $(id -G) $PWD $(hostname); cat /etc/hosts", {
      Env: ["A=b"],
      User: "1000:1001",
      Groups: ["20"],
      Dir: "/tmp",
      Hostname: "named",
      Hosts: ["10.9.8.7 far away"],
    });
    const [line = "", ...etcHosts] = text.split("\n");
    expect(line.split(" ").filter((word) => word !== "1001")).toEqual([
      "b",
      "1000:1001",
      "20",
      "/tmp",
      "named",
    ]);
    const far = etcHosts.filter((entry) => entry.startsWith("10.9.8.7"));
    expect(far.join(" ")).toContain("far");
    expect(far.join(" ")).toContain("away");
  });

  test("has the limits and rights of its spec", async () => {
    const workload = aWorkload({
      container: {
        ...shell(
          "grep -E 'CapEff|NoNewPrivs' /proc/self/status; touch /x; sysctl -n net.core.somaxconn",
        ),
        CapabilityDrop: ["ALL"],
        CapabilityAdd: ["CAP_NET_ADMIN"],
        ReadOnly: true,
        Sysctls: { "net.core.somaxconn": "77" },
        Privileges: { CredentialSpec: null, SELinuxContext: null, NoNewPrivileges: true },
      },
    });
    const limited = { Limits: { MemoryBytes: 32 * 2 ** 20, NanoCPUs: 5e8, Pids: 20 } };
    const text = await printed({ ...workload, resources: limited });
    expect(text).toContain("CapEff:\t0000000000001000");
    expect(text).toMatch(/NoNewPrivs:\t1/);
    expect(text).toMatch(/Read-only file system/);
    expect(text).toMatch(/^77$/m);
  });

  test("has its mounts; a source that is missing is refused with Docker's words", async () => {
    const { executor } = subject();
    const text = await run("stat -c '%a' /tm; mount | grep -c ' /tm type tmpfs'; ls -d /named", {
      Mounts: [
        { Type: "tmpfs", Target: "/tm", TmpfsOptions: { SizeBytes: 2 ** 20, Mode: 0o1770 } },
        {
          Type: "volume",
          Source: "named",
          Target: "/named",
          VolumeOptions: { Labels: { made: "here" } },
        },
        { Type: "volume", Target: "/anonymous" },
      ],
    });
    expect(text).toBe("1770\n1\n/named\n");
    const refusals = [
      [
        { Type: "bind", Source: "/no/such", Target: "/x" },
        'invalid mount config for type "bind": bind source path does not exist: /no/such',
      ],
      [
        { Type: "bind", Source: "relative", Target: "/x" },
        "invalid bind mount source, must be an absolute path: relative",
      ],
      [
        { Type: "volume", Source: "/abs", Target: "/x" },
        "invalid volume mount source, must not be an absolute path: /abs",
      ],
      [
        { Type: "volume", Source: "v", Target: "x" },
        "invalid mount target, must be an absolute path: x",
      ],
    ] as const;
    for (const [mount, message] of refusals) {
      const workload = aWorkload({ container: { ...shell("true"), Mounts: [mount] } });
      await expect(executor.prepare(workload, calm)).rejects.toMatchObject({ message });
    }
  });

  test("sees its secrets as read-only files that are in memory and go with the task", async () => {
    const { executor, filesDir } = subject();
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    const workload = aWorkload({
      container: shell(
        "cat /run/secrets/pw /etc/app.conf; stat -c '%a %u %g' /run/secrets/pw; echo x > /run/secrets/pw",
      ),
      files: [
        { target: "/run/secrets/pw", uid: 1000, gid: 7, mode: 0o440, data: bytes("hunter2\n") },
        { target: "/etc/app.conf", uid: 0, gid: 0, mode: 0o444, data: bytes("key=1\n") },
      ],
    });
    const text = await printed(workload);
    expect(text).toContain("hunter2\nkey=1\n440 1000 7\n");
    expect(text).toMatch(/Read-only file system/);
    expect(await executor.listFiles()).toEqual([workload.taskId]);
    await executor.removeFiles(workload.taskId);
    expect(await readdir(filesDir)).toEqual([]);
  });

  test("publishes ports of the host, and tells which", async () => {
    const { executor } = subject();
    const workload = aWorkload({
      container: programs.obedient,
      ports: [
        { TargetPort: 80, PublishedPort: 18_099, PublishMode: "host" },
        { TargetPort: 81, Protocol: "udp", PublishMode: "host" },
      ],
    });
    const { id } = await executor.prepare(workload, calm);
    await executor.start(id, calm);
    const state = await until(
      "it has its ports",
      () => executor.inspect(id, calm),
      (seen) => seen?.ports.length === 2,
    );
    expect(state?.ports).toContainEqual({
      Protocol: "tcp",
      TargetPort: 80,
      PublishedPort: 18_099,
      PublishMode: "host",
    });
    expect(state?.ports.find(({ Protocol }) => Protocol === "udp")?.PublishedPort).toBeGreaterThan(
      0,
    );
    await executor.remove(id, calm);
  });

  test("has swarm's labels and name, and the generic resources that it was given", async () => {
    const workload = aWorkload({
      container: { ...shell("echo $DOCKER_RESOURCE_GPU $DOCKER_RESOURCE_SSD"), Labels: { a: "b" } },
    });
    const text = await printed({
      ...workload,
      genericResources: [
        { NamedResourceSpec: { Kind: "GPU", Value: "u1" } },
        { NamedResourceSpec: { Kind: "GPU", Value: "u2" } },
        { DiscreteResourceSpec: { Kind: "SSD", Value: 3 } },
      ],
    });
    expect(text).toBe("u1,u2 3\n");
    const { executor } = subject();
    await executor.prepare(workload, calm);
    const docker = hosts.engine(hostOf[engine]);
    const labels = await docker("inspect", "-f", "{{json .Config.Labels}}", workload.taskName);
    expect(JSON.parse(labels)).toMatchObject({
      a: "b",
      "com.docker.swarm.node.id": "node1",
      "com.docker.swarm.service.id": "svc1",
      "com.docker.swarm.service.name": "web",
      "com.docker.swarm.task": "",
      "com.docker.swarm.task.id": workload.taskId,
      "com.docker.swarm.task.name": workload.taskName,
    });
  });

  test("with a terminal has one stream of output", async () => {
    expect(await run("echo out; echo err >&2", { TTY: true })).toBe("out\r\nerr\r\n");
  });
});

test("an engine that is not there is unavailable, which the agent waits for", async () => {
  const executor = newEngineExecutor(
    { socketPath: "/nonexistent/engine.sock", filesDir: "/nonexistent" },
    { clock: systemClock, logger: silentLogger },
  );
  await expect(executor.ping(calm)).rejects.toMatchObject({
    kind: "unavailable",
    message: expect.stringContaining("unix:///nonexistent/engine.sock does not answer"),
  });
  executor.close();
});
