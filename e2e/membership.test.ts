/** A cluster made by hand, with the stock docker command: init, join, leave, tokens, promotion. */
import { expect, test } from "vitest";
import { withPlayground } from "./support/playground.ts";
import { until } from "./support/until.ts";

const hosts = withPlayground("members", ["--no-join", "--workers", "2"]);

const localState = async (host: string): Promise<string> =>
  hosts.docker(host)("info", "--format", "{{.Swarm.LocalNodeState}}");

const initialise = async (): Promise<void> => {
  const { address } = await hosts.host("manager1");
  await hosts.docker()("swarm", "init", "--advertise-addr", address);
};

const join = async (host: string, token: string): Promise<void> => {
  const { address } = await hosts.host(host);
  const manager = await hosts.host("manager1");
  await hosts.docker(host)(
    "swarm",
    "join",
    "--advertise-addr",
    address,
    "--token",
    token,
    `${manager.address}:2377`,
  );
};

const workerToken = (): Promise<string> => hosts.docker()("swarm", "join-token", "-q", "worker");

test("a host without a cluster says so", async () => {
  const { code, stderr } = await hosts.docker().attempt("node", "ls");
  expect(stderr).toContain("This node is not a swarm manager");
  expect(code).toBe(1);
  expect(await localState("worker1")).toBe("inactive");
});

test("init makes a cluster of one, and only once", async () => {
  await initialise();
  const [only, ...others] = await hosts.docker().nodes();
  expect(others).toEqual([]);
  expect(only).toMatchObject({ Status: "Ready", Availability: "Active", ManagerStatus: "Leader" });
  const { code, stderr } = await hosts.docker().attempt("swarm", "init");
  expect(stderr).toContain("This node is already part of a swarm");
  expect(code).toBe(1);
});

test("a wrong token is refused, and leaves no half joined node behind", async () => {
  const manager = await hosts.host("manager1");
  const token = await workerToken();
  const [prefix, version, digest = "", secret = ""] = token.split("-");
  const wrongSecret = [prefix, version, digest, secret.split("").toReversed().join("")].join("-");
  const wrongDigest = [prefix, version, digest.split("").toReversed().join(""), secret].join("-");
  for (const wrong of [wrongSecret, wrongDigest, "nonsense"]) {
    const { code, stderr } = await hosts
      .docker("worker1")
      .attempt("swarm", "join", "--token", wrong, `${manager.address}:2377`);
    expect(stderr, wrong).not.toBe("");
    expect(code, wrong).toBe(1);
    expect(await localState("worker1")).toBe("inactive");
  }
  expect(await hosts.docker().nodes()).toHaveLength(1);
});

test("workers join and are listed by their hostnames", async () => {
  const token = await workerToken();
  await join("worker1", token);
  await join("worker2", token);
  const nodes = await until(
    "three nodes are ready",
    () => hosts.docker().nodes(),
    (all) => all.filter(({ Status }) => Status === "Ready").length === 3,
  );
  const names = (await hosts.hosts()).map(({ hostname }) => hostname);
  expect(nodes.map(({ Hostname }) => Hostname).toSorted()).toEqual(names.toSorted());
  const { stderr, code } = await hosts.docker("worker1").attempt("node", "ls");
  expect(stderr).toContain("This node is not a swarm manager");
  expect(code).toBe(1);
});

test("labels and availability of a node can be changed", async () => {
  const docker = hosts.docker();
  const { hostname } = await hosts.host("worker1");
  await docker("node", "update", "--label-add", "disk=ssd", "--availability", "pause", hostname);
  const format = '{{.Spec.Availability}} {{index .Spec.Labels "disk"}}';
  expect(await docker("node", "inspect", "--format", format, hostname)).toBe("pause ssd");
  await docker("node", "update", "--label-rm", "disk", "--availability", "active", hostname);
});

test("a rotated token lets nobody in with the old one", async () => {
  const docker = hosts.docker();
  const old = await workerToken();
  const fresh = await docker("swarm", "join-token", "--rotate", "-q", "worker");
  expect(fresh).not.toBe(old);
  const manager = await hosts.host("manager1");
  await hosts.docker("worker2")("swarm", "leave");
  expect(await localState("worker2")).toBe("inactive");
  const { code } = await hosts
    .docker("worker2")
    .attempt("swarm", "join", "--token", old, `${manager.address}:2377`);
  expect(code).toBe(1);
  await join("worker2", fresh);
});

test("a node that left is down, and can then be removed", async () => {
  const docker = hosts.docker();
  const { hostname } = await hosts.host("worker2");
  const mine = async (): Promise<readonly string[]> =>
    (await docker.nodes())
      .filter((node) => node.Hostname === hostname)
      .map(({ Status }) => Status)
      .toSorted();
  await until(
    "its old entry is down, its new one ready",
    mine,
    (states) => states.join() === "Down,Ready",
  );
  const ready = (await docker.nodes()).find(
    (node) => node.Hostname === hostname && node.Status === "Ready",
  );
  const refused = await docker.attempt("node", "rm", ready?.ID ?? "");
  expect(refused.code).toBe(1);
  const down = (await docker.nodes()).find(
    (node) => node.Hostname === hostname && node.Status === "Down",
  );
  await docker("node", "rm", down?.ID ?? "");
  expect(await mine()).toEqual(["Ready"]);
});

test("the last manager leaves only by force, and takes the cluster with it", async () => {
  const docker = hosts.docker();
  const { code, stderr } = await docker.attempt("swarm", "leave");
  expect(stderr).toContain("--force");
  expect(code).toBe(1);
  await docker("swarm", "leave", "--force");
  expect(await localState("manager1")).toBe("inactive");
});
