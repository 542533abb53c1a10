/** Containers outside of services on attachable overlay networks, with the stock docker command. */
import { expect, test } from "vitest";
import type { Docker } from "./support/docker.ts";
import { withPlayground } from "./support/playground.ts";
import { createService, untilRunning } from "./support/service.ts";
import { until } from "./support/until.ts";

const cluster = withPlayground("attach", ["--workers", "1"]);

/** One request over plain TCP: Debian's static busybox can't look up names in its wget. */
const get = (host: string): string =>
  `printf 'GET /cgi-bin/who HTTP/1.0\\r\\n\\r\\n' | nc -w 3 ${host} 8080 | tail -n 1`;

const shell = async (docker: Docker, container: string, command: string): Promise<string> =>
  (await docker.attempt("exec", container, "sh", "-c", command)).stdout;

/** Who answers there, as the container finds and sees it. */
const answerTo = async (docker: Docker, container: string, host: string): Promise<string> =>
  (await shell(docker, container, get(host))).split(" ")[0] ?? "";

const addressesOf = async (
  docker: Docker,
  container: string,
  name: string,
): Promise<readonly string[]> => {
  const answer = await shell(docker, container, `nslookup ${name} 2>&1`);
  // The first address is the name server's.
  const [, ...found] = [...answer.matchAll(/^Address:\s*([\d.]+)/gm)];
  return found.flatMap(([, address]) => address ?? []);
};

const addressOn = (docker: Docker, container: string, network = "lab"): Promise<string> =>
  docker(
    "inspect",
    "--format",
    `{{with index .NetworkSettings.Networks "${network}"}}{{.IPAddress}}{{end}}`,
    container,
  );

const run = (docker: Docker, name: string, ...flags: readonly string[]): Promise<string> =>
  docker("run", "--detach", "--name", name, "--hostname", name, ...flags, "demo:1");

/** The container of the service's task on this host. */
const taskOn = (host: string): Promise<string> =>
  cluster.docker(host)("ps", "--quiet", "--filter", "is-task=true", "--filter", "name=web");

test("a container on a worker reaches services by name, and is found and reached from other hosts", async () => {
  const docker = cluster.docker();
  const worker = cluster.docker("worker1");
  await docker("network", "create", "--driver", "overlay", "--attachable", "lab");
  await run(worker, "probe", "--network", "lab", "--network-alias", "site");
  await createService(docker, "web", ["--mode", "global", "--network", "lab"]);
  await untilRunning(docker, "web", 2);

  const format = "{{range .Endpoint.VirtualIPs}}{{.Addr}}{{end}}";
  const [vip = ""] = (await docker("service", "inspect", "--format", format, "web")).split("/");
  expect(await addressesOf(worker, "probe", "web")).toEqual([vip]);
  const answers = await shell(worker, "probe", `for i in $(seq 20); do ${get("web")}; done`);
  expect(
    new Set(
      answers
        .trimEnd()
        .split("\n")
        .map((line) => line.split(" ")[0]),
    ).size,
  ).toBe(2);

  const task = await taskOn("manager1");
  for (const name of ["probe", "site", "probe.lab"])
    expect(await answerTo(docker, task, name)).toBe("probe");

  const seen = await worker("inspect", "probe");
  expect(seen).toContain('"NetworkMode": "lab"');
  expect(seen).not.toContain("skein-1-");
  const names = "{{range .Containers}}{{.Name}} {{end}}";
  expect(await worker("network", "inspect", "--format", names, "lab")).toContain("probe ");
  expect(await worker("network", "ls", "--format", "{{.Name}}")).toContain("lab");
  expect(await worker("ps", "--filter", "network=lab", "--format", "{{.Names}}")).toContain(
    "probe",
  );
});

test("a running container is put on a network and taken off, and finds names while it is there", async () => {
  const docker = cluster.docker();
  const worker = cluster.docker("worker1");
  await run(docker, "late");
  await docker("network", "connect", "--alias", "pinger", "lab", "late");
  expect(await answerTo(docker, "late", "probe")).toBe("probe");
  expect(await answerTo(worker, "probe", "pinger")).toBe("late");
  await docker("network", "disconnect", "lab", "late");
  await until(
    "the name is gone",
    () => addressesOf(worker, "probe", "pinger"),
    (found) => found.length === 0,
  );
  expect((await docker.attempt("network", "disconnect", "lab", "late")).stderr).toContain(
    "is not connected to network lab",
  );
  await docker("rm", "--force", "late");
});

test("what can't be had is refused in Docker's words, and nothing is half made", async () => {
  const docker = cluster.docker();
  const worker = cluster.docker("worker1");
  await docker("network", "create", "--driver", "overlay", "closed");
  const refused = async (...flags: readonly string[]): Promise<string> => {
    const { code, stderr } = await worker.attempt(
      "run",
      "--rm",
      "--name",
      "no",
      ...flags,
      "demo:1",
    );
    expect(code).toBe(125);
    return stderr;
  };
  expect(await refused("--network", "closed")).toContain(
    "Could not attach to network closed: rpc error: code = PermissionDenied desc = network closed not manually attachable",
  );
  expect(await refused("--network", "nosuch")).toContain("network nosuch not found");
  const taken = await addressOn(worker, "probe");
  expect(await refused("--network", "lab", "--ip", taken)).toContain("already in use");
  expect(await refused("--network", "lab", "--ip", "192.0.2.9")).toContain(
    "It does not belong to any of this network's subnets",
  );
  expect(await worker("ps", "--all", "--quiet", "--filter", "name=^no$")).toBe("");
  await docker("network", "rm", "closed");
  await docker("network", "create", "--driver", "overlay", "--attachable", "used");
  await run(worker, "user", "--network", "used");
  expect((await docker.attempt("network", "rm", "used")).stderr).toContain(
    "is in use by container user",
  );
  await worker("rm", "--force", "user");
  await docker("network", "rm", "used");
});

test("an address is free when its container was removed or stopped, and asked for again at a start", async () => {
  const docker = cluster.docker();
  const worker = cluster.docker("worker1");
  await run(worker, "first", "--network", "lab");
  const address = await addressOn(worker, "first");
  await worker("stop", "--time", "1", "first");
  await run(docker, "second", "--network", "lab", "--ip", address);
  expect(await addressOn(docker, "second")).toBe(address);
  await worker("start", "first");
  const other = await addressOn(worker, "first");
  expect(other).not.toBe(address);
  expect(await answerTo(docker, "second", "first")).toBe("first");
  await worker("rm", "--force", "first");
  await run(docker, "third", "--network", "lab", "--ip", other);
  await docker("stop", "--time", "1", "third");
  await docker("start", "third");
  expect(await addressOn(docker, "third")).toBe(other);
  await docker("rm", "--force", "second", "third");
});

test("crashes of daemon and engine lose no address, and leave none behind", async () => {
  const docker = cluster.docker();
  const worker = cluster.docker("worker1");
  await run(worker, "gone", "--network", "lab");
  await run(worker, "stays", "--network", "lab", "--restart", "always");
  const left = await addressOn(worker, "gone");
  const kept = await addressOn(worker, "stays");
  await cluster.command("kill", "worker1", "--daemon");
  await cluster.engine("worker1")("rm", "--force", "gone");
  await cluster.command("start", "worker1");
  await until(
    "the address of the container that was removed meanwhile",
    () => docker.attempt("create", "--name", "heir", "--network", "lab", "--ip", left, "demo:1"),
    ({ code }) => code === 0,
  );
  await docker("rm", "heir");
  const task = await taskOn("manager1");
  expect(await answerTo(docker, task, "stays")).toBe("stays");

  await cluster.command("kill", "worker1", "--engine");
  await cluster.command("start", "worker1");
  await until(
    "the container that the engine started again",
    () => answerTo(docker, task, "stays"),
    (name) => name === "stays",
    60_000,
  );
  expect(await addressOn(worker, "stays")).toBe(kept);
});
