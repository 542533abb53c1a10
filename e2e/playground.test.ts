/** The playground itself: what it makes, and that it leaves nothing behind. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { daemon, playground, playgroundName, SKEIN } from "./support/playground.ts";
import { output } from "./support/run.ts";
import { until } from "./support/until.ts";

const one = playground(playgroundName("one"), ["--workers", "1"]);
const two = playground(playgroundName("two"), ["--workers", "0"]);

afterAll(async () => {
  await one.down();
  await two.down();
});

/** This machine's side of a playground, by the gateway of its hosts. */
const uplinkTo = async (address: string): Promise<string> => {
  const [route] = JSON.parse(await output("ip", ["-json", "route", "get", address])) as {
    dev: string;
  }[];
  return route?.dev ?? "";
};

/** The processes in the network namespaces of these inodes. */
const processesIn = (inodes: readonly number[]): readonly string[] =>
  readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        return inodes.some((inode) => readlinkSync(`/proc/${pid}/ns/net`) === `net:[${inode}]`);
      } catch {
        return false; // ended in between
      }
    });

test("two of them stand side by side, each a cluster of its own", async () => {
  await Promise.all([one.up(), two.up()]);
  expect(await one.docker().nodes()).toHaveLength(2);
  expect(await two.docker().nodes()).toHaveLength(1);
  const [first] = await one.hosts();
  const [second] = await two.hosts();
  expect(first?.address).not.toBe(second?.address);
});

test("status tells all there is to know of each host", async () => {
  const hosts = await one.hosts();
  expect(hosts.map(({ name, role }) => [name, role])).toEqual([
    ["manager1", "manager"],
    ["worker1", "worker"],
  ]);
  for (const host of hosts) {
    expect(Object.keys(host)).toEqual([
      "name",
      "hostname",
      "role",
      "address",
      "socket",
      "engineSocket",
      "netns",
      "daemonPid",
      "enginePid",
      "dataDir",
    ]);
    for (const path of [host.socket, host.engineSocket, host.dataDir, `/run/netns/${host.netns}`])
      expect(existsSync(path), path).toBe(true);
    expect(readlinkSync(`/proc/${String(host.enginePid)}/ns/net`)).toBe(
      `net:[${statSync(`/run/netns/${host.netns}`).ino}]`,
    );
    const main = daemon === "skein" ? host.daemonPid : host.enginePid;
    expect(existsSync(`/proc/${String(main)}`)).toBe(true);
  }
});

test("exec runs on the host, with its hostname, network and exit code", async () => {
  const { hostname, address } = await one.host("worker1");
  const script = "hostname; ip -brief address show dev eth0; exit 9";
  const { code, stdout } = await one.attempt("exec", "worker1", "--", "sh", "-c", script);
  expect(stdout).toContain(`${hostname}\n`);
  expect(stdout).toContain(`${address}/24`);
  expect(code).toBe(9);
});

test("hosts reach each other, and not those of another playground", async () => {
  const target = await one.host("manager1");
  const knock = `nc -w 2 ${target.address} 2377 </dev/null`;
  expect((await one.attempt("exec", "worker1", "--", "busybox", "sh", "-c", knock)).code).toBe(0);
  expect((await two.attempt("exec", "manager1", "--", "busybox", "sh", "-c", knock)).code).not.toBe(
    0,
  );
});

test("a second up changes nothing, and repairs what is broken", async () => {
  const before = await one.hosts();
  await one.up();
  expect(await one.hosts()).toEqual(before);
  await one.command("kill", "worker1");
  await one.up();
  const pids = (await one.hosts()).map(({ enginePid }) => enginePid);
  expect(pids).not.toContain(null);
  await until(
    "the repaired host is ready again",
    () => one.docker().nodes(),
    (nodes) => nodes.every(({ Status }) => Status === "Ready"),
    60_000,
  );
});

test("an up that asks for something else is refused", async () => {
  const { code, stderr } = await one.attempt("up", "--daemon", daemon, "--workers", "2");
  expect(stderr).toContain("exists with 1 manager(s), 1 worker(s)");
  expect(code).toBe(1);
});

test("down removes everything, containers and a broken host included", async () => {
  const hosts = await one.hosts();
  const [manager] = hosts;
  await one.engine("manager1")("run", "--detach", "--name", "left-over", "demo:1");
  await one.command("freeze", "worker1");
  const link = await uplinkTo(manager?.address ?? "");
  expect(link).toMatch(/^skpg\d+$/);
  const inodes = hosts.map(({ netns }) => statSync(`/run/netns/${netns}`).ino);
  await one.down();
  expect(readdirSync("/run/netns").filter((name) => name.startsWith(`skein.${one.name}.`))).toEqual(
    [],
  );
  expect(existsSync(`/sys/class/net/${link}`)).toBe(false);
  expect(processesIn(inodes)).toEqual([]);
  expect(existsSync(manager?.dataDir ?? "/")).toBe(false);
  const cgroups = await output("find", [
    "/sys/fs/cgroup",
    "-maxdepth",
    "2",
    "-name",
    `skein-playground-${one.name}`,
  ]);
  expect(cgroups).toBe("");
  expect(await two.docker().nodes()).toHaveLength(1);
});

test("an up that is killed leaves nothing that down does not find", async () => {
  const up = spawn(SKEIN, ["playground", "up", "--name", one.name, "--daemon", daemon]);
  const ended = once(up, "close");
  await until(
    "it has begun to make network namespaces",
    () => Promise.resolve(readdirSync("/run/netns")),
    (names) => names.some((name) => name.startsWith(`skein.${one.name}.`)),
  );
  up.kill("SIGKILL");
  await ended;
  await one.down();
  expect(readdirSync("/run/netns").filter((name) => name.startsWith(`skein.${one.name}.`))).toEqual(
    [],
  );
  expect((await one.attempt("status")).code).toBe(1);
});
