/** The stock docker command does with our socket what it does with the engine's own. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withPlayground } from "./support/playground.ts";
import type { Outcome } from "./support/run.ts";
import { run } from "./support/run.ts";
import { until } from "./support/until.ts";

const cluster = withPlayground("proxy", ["--workers", "1", "--engine", "worker1=podman"]);

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "skein-proxy-"));
});
afterAll(() => rm(directory, { recursive: true }));

/** The platform of one engine: its host, and the API versions to speak with it. */
const cases = [
  { engine: "docker", host: "manager1", version: "1.41" },
  { engine: "docker", host: "manager1", version: "1.38" },
  { engine: "podman", host: "worker1", version: "1.41" },
] as const;

describe.each(cases)("$engine, API $version", ({ engine, host, version }) => {
  /** A shell script in which `docker` speaks to our socket. */
  const sh = async (script: string): Promise<Outcome> => {
    const { socket } = await cluster.host(host);
    const env = { DOCKER_HOST: `unix://${socket}`, DOCKER_API_VERSION: version };
    return await run("bash", ["-c", script], { ...env, DOCKER_BUILDKIT: "0" });
  };
  const docker = async (script: string): Promise<string> => {
    const { stdout, stderr } = await sh(script);
    return stdout + stderr;
  };
  const running = `proxy-${engine}-${version}`;
  const once = "docker run --rm --network none";

  beforeAll(async () => {
    await sh(
      `docker run -d --name ${running} --network none demo:1 ` +
        "sh -c 'n=0; while sleep 0.2; do n=$((n+1)); echo line $n; done'",
    );
  });
  afterAll(async () => {
    await sh(`docker rm -f ${running}`);
  });

  test("run passes output, both streams apart", async () => {
    const outcome = await sh(`${once} demo:1 sh -c 'echo out; echo err >&2'`);
    expect(outcome).toMatchObject({ code: 0, stdout: "out\n", stderr: "err\n" });
  });

  // Podman 4.3 has forgotten the exit code of a removed container by the time it is asked.
  test.runIf(engine === "docker")("run passes the exit code", async () => {
    expect(await sh(`${once} demo:1 sh -c 'exit 7'`)).toMatchObject({ code: 7 });
  });

  test("run -i passes input, its end, and the output that comes after", async () => {
    expect(await docker(`head -c 5000000 /dev/zero | ${once} -i demo:1 wc -c`)).toBe("5000000\n");
    expect(await docker(`${once} demo:1 head -c 5000000 /dev/zero | wc -c`)).toBe("5000000\n");
    const late = "cat >/dev/null; sleep 0.5; echo after";
    expect(await docker(`printf x | ${once} -i demo:1 sh -c '${late}'`)).toBe("after\n");
  });

  test("run -it and exec -it have a terminal", async () => {
    const tty = "test -t 0 && echo terminal";
    const attached = `script -qec "${once} -it demo:1 sh -c '${tty}'" /dev/null </dev/null`;
    expect(await docker(attached)).toContain("terminal");
    const exec = `script -qec "docker exec -it ${running} sh -c '${tty}'" /dev/null </dev/null`;
    expect(await docker(exec)).toContain("terminal");
  });

  test("exec passes input, output and exit code, each time", async () => {
    expect(await docker(`echo piped | docker exec -i ${running} tr a-z A-Z`)).toBe("PIPED\n");
    const script = `for i in 1 2 3 4 5; do docker exec ${running} sh -c 'exit 3'; echo $?; done`;
    expect(await docker(script)).toBe("3\n".repeat(5));
    expect(await docker(`docker exec -d ${running} touch /tmp/x`)).toBe("");
  });

  test("logs -f and attach stream while the container runs", async () => {
    const logs = `timeout -s KILL 60 docker logs -f --tail 1 ${running} 2>/dev/null | head -n 4 | wc -l`;
    expect(await docker(logs)).toBe("4\n");
    const attach = `timeout -s KILL 60 docker attach --no-stdin ${running} 2>/dev/null | head -n 2 | wc -l`;
    expect(await docker(attach)).toBe("2\n");
  });

  test("cp, stats, top and inspect", async () => {
    await writeFile(join(directory, "f"), "data");
    const copy = `docker cp ${directory}/f ${running}:/tmp/f && docker cp ${running}:/tmp/f - | tar xO`;
    expect(await docker(copy)).toContain("data");
    expect(await docker(`docker stats --no-stream ${running}`)).toContain("CPU %");
    expect(await docker(`docker top ${running}`)).toContain("sleep");
    expect(await docker(`docker inspect -f '{{.State.Running}}' ${running}`)).toBe("true\n");
  });

  test("save and load, build", async () => {
    expect(await docker("docker save demo:1 | tar t")).toContain("manifest.json");
    expect(await docker("docker save demo:1 | docker load")).toContain("Loaded image");
    await writeFile(join(directory, "Dockerfile"), "FROM demo:1\nCOPY f /f\n");
    await writeFile(join(directory, "f"), Buffer.alloc(5_000_000, 1));
    const built = await sh(`docker build -q --network none -t proxied:1 ${directory}`);
    expect(built).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/[0-9a-f]{12}/) as string,
    });
  });

  test("wait, and events while they happen", async () => {
    const name = `${running}-short`;
    await sh(`docker run -d --name ${name} --network none demo:1 sleep 100`);
    const wait = `docker kill ${name} >/dev/null & docker wait ${name}`;
    expect(await docker(wait)).toBe("137\n");
    const format = "{{.Type}} {{.Action}}";
    const events =
      `exec 3< <(exec docker events --filter event=start --format '${format}'); reader=$!\n` +
      `until read -r -t 1 line <&3; do docker restart -t 0 ${name} >/dev/null; done\n` +
      `kill $reader; docker rm -f ${name} >/dev/null; echo "$line"`;
    expect(await docker(events)).toBe("container start\n");
  });

  test("networks and volumes of the engine", async () => {
    const name = `net-${engine}-${version.replace(".", "-")}`;
    expect(await docker(`docker network create ${name} >/dev/null; docker network ls`)).toContain(
      name,
    );
    expect(await docker(`docker network rm ${name}`)).toContain(name);
    // The command of 20.10 has words of its own for it.
    expect(await docker("docker network inspect nosuch")).toMatch(/not found|No such network/);
    expect(await docker(`docker volume create ${name}; docker volume rm ${name}`)).toContain(name);
  });

  test("info and version have both halves", async () => {
    expect(await docker("docker info --format '{{.Swarm.LocalNodeState}}'")).toBe("active\n");
    expect(await docker("docker version")).toContain("Skein");
    expect(await docker("docker version --format '{{.Server.APIVersion}}'")).toBe("1.41\n");
  });
});

test("without its engine a node says so, and the cluster can still be looked at", async () => {
  const docker = cluster.docker("manager1");
  await cluster.command("kill", "manager1", "--engine");
  const seen = await until(
    "the engine is gone",
    () => docker.attempt("ps"),
    ({ code }) => code !== 0,
  );
  expect(seen.stderr).toMatch(/the container engine at unix:\S+ does not answer/);
  expect(await docker.nodes()).toHaveLength(2);
  expect(await docker("info", "--format", "{{.Warnings}}")).toContain("does not answer");
  await cluster.command("restart", "manager1", "--engine");
  await until(
    "the engine is back",
    () => docker.attempt("ps"),
    ({ code }) => code === 0,
    60_000,
  );
});
