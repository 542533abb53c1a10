/** What goes wrong when hosts join: each says what to do, leaves nothing half made, and the cluster goes on. */
import { expect, test } from "vitest";
import { withPlayground } from "./support/playground.ts";
import { until } from "./support/until.ts";

const hosts = withPlayground("joining", ["--no-join", "--managers", "2", "--workers", "1"]);

const localState = (host: string): Promise<string> =>
  hosts.docker(host)("info", "--format", "{{.Swarm.LocalNodeState}}");

const addressOf = async (host: string): Promise<string> => (await hosts.host(host)).address;

const token = (role: "worker" | "manager", host = "manager1"): Promise<string> =>
  hosts.docker(host)("swarm", "join-token", "-q", role);

interface Attempt {
  readonly token: string;
  readonly address?: string;
  readonly advertise?: string;
}

const attempt = async (host: string, how: Attempt): Promise<{ code: number; stderr: string }> => {
  const address = how.address ?? `${await addressOf("manager1")}:2377`;
  const advertise = how.advertise ?? (await addressOf(host));
  const flags = ["--advertise-addr", advertise, "--token", how.token];
  return hosts.docker(host).attempt("swarm", "join", ...flags, address);
};

/** The host is in no cluster, and the manager knows nobody else and takes changes. */
const expectNothingMade = async (host: string): Promise<void> => {
  expect(await localState(host)).toBe("inactive");
  expect(await hosts.docker().nodes()).toHaveLength(1);
  await hosts.docker()("config", "create", "probe", "/etc/hostname");
  await hosts.docker()("config", "rm", "probe");
};

/** From the next check on, this host has no etcd. */
const hideEtcd = (host: string): Promise<string> =>
  hosts.command("exec", host, "--", "mount", "--bind", "/dev/null", "/usr/bin/etcd");

const showEtcd = (host: string): Promise<string> =>
  hosts.command("exec", host, "--", "umount", "/usr/bin/etcd");

test("a token of another cluster is refused by its digest", async () => {
  for (const host of ["manager1", "worker1"])
    await hosts.docker(host)("swarm", "init", "--advertise-addr", await addressOf(host));
  const { code, stderr } = await attempt("manager2", { token: await token("manager", "worker1") });
  expect(stderr).toContain("remote CA does not match fingerprint");
  expect(code).toBe(1);
  await expectNothingMade("manager2");
  await hosts.docker("worker1")("swarm", "leave", "--force");
});

test("where nobody answers, or no manager does, it is said what to check", async () => {
  const manager = await addressOf("manager1");
  await hosts.command("exec", "manager1", "--", "busybox", "httpd", "-p", "9999", "-h", "/run");
  const stranger = await attempt("manager2", {
    token: await token("manager"),
    address: `${manager}:9999`,
  });
  expect(stranger.stderr).toContain(`what answers at ${manager}:9999 is no manager of Skein`);
  const nobody = await attempt("manager2", {
    token: await token("manager"),
    address: `${manager}:2399`,
  });
  expect(nobody.stderr).toContain(`cannot connect to ${manager}:2399: connection refused`);
  expect(nobody.stderr).toContain("check that a manager runs there");
  await expectNothingMade("manager2");
});

test("a manager that the leader can't dial back is not let in", async () => {
  const manager = await addressOf("manager1");
  const lost = manager.replace(/\d+$/, "251");
  for (const advertise of [manager, lost]) {
    const { code, stderr } = await attempt("manager2", {
      token: await token("manager"),
      advertise,
    });
    expect(stderr).toContain(
      `the other managers can't reach the joining node at its address ${advertise}:2377`,
    );
    expect(code).toBe(1);
    await expectNothingMade("manager2");
  }
});

test("a second manager needs etcd on both hosts, and is told so before it is let in", async () => {
  await hideEtcd("manager2");
  const here = await attempt("manager2", { token: await token("manager") });
  expect(here.stderr).toContain("the joining node can't become a manager: etcd");
  expect(here.stderr).toContain("apt-get install etcd-server");
  await expectNothingMade("manager2");
  await hideEtcd("manager1");
  await showEtcd("manager2");
  const there = await attempt("manager2", { token: await token("manager") });
  expect(there.stderr).toContain(`the present manager at ${await addressOf("manager1")}:2377`);
  expect(there.stderr).toContain("apt-get install etcd-server");
  await expectNothingMade("manager2");
  await showEtcd("manager1");
});

test("a worker without etcd is not promoted", async () => {
  await hideEtcd("worker1");
  expect((await attempt("worker1", { token: await token("worker") })).code).toBe(0);
  const { hostname } = await hosts.host("worker1");
  const { code, stderr } = await hosts.docker().attempt("node", "promote", hostname);
  expect(stderr).toContain(`node ${hostname} can't become a manager: etcd`);
  expect(code).toBe(1);
  const roles = (await hosts.docker().nodes()).map(({ ManagerStatus }) => ManagerStatus);
  expect(roles.toSorted()).toEqual(["", "Leader"]);
  await showEtcd("worker1");
});

test("with all in place the manager joins", async () => {
  const joined = await attempt("manager2", { token: await token("manager") });
  expect(joined.stderr).toBe("");
  await until(
    "two managers are reachable",
    () => hosts.docker("manager2").nodes(),
    (nodes) => nodes.filter(({ ManagerStatus }) => ManagerStatus !== "").length === 2,
  );
});

test("a node that was removed says so, and joins only after it has left", async () => {
  const docker = hosts.docker();
  const { hostname } = await hosts.host("worker1");
  await hosts.command("kill", "worker1", "--daemon");
  await docker("node", "rm", "--force", hostname);
  await hosts.command("restart", "worker1", "--daemon");
  await until(
    "it has heard",
    () => hosts.docker("worker1")("info", "--format", "{{.Swarm.Error}}"),
    (text) => text.includes("has been removed from the cluster"),
  );
  const again = await attempt("worker1", { token: await token("worker") });
  expect(again.stderr).toContain("This node is already part of a swarm");
  await hosts.docker("worker1")("swarm", "leave");
  expect((await attempt("worker1", { token: await token("worker") })).code).toBe(0);
});
