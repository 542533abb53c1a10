/** Overlay networks and VIPs between hosts that are network namespaces. No engine is needed. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Lab } from "./support/net/lab.ts";
import { blue } from "./support/net/lab-networks.ts";
import type { LabNetwork } from "./support/net/lab.ts";
import { clientsIn, namesIn } from "./support/net/network-namespace.ts";

const lab = new Lab("overlay");
const red: LabNetwork = {
  id: "red00000000",
  name: "red",
  vni: 4106,
  base: "10.0.6",
  base6: "fd06",
  internal: true,
};

beforeAll(async () => {
  await lab.open(3);
  lab.networks.push(blue, red);
  lab.services.push(
    { id: "web", networkId: blue.id, vip: 100 },
    { id: "alone", networkId: blue.id, vip: 101 },
    { id: "none", networkId: blue.id, vip: 102 },
    { id: "db", networkId: red.id, vip: 100 },
  );
  await lab.apply();
  for (const at of [1, 2, 3]) {
    await lab.start(`web${at}`, at, 30 + at, { networks: [blue], serviceId: "web" });
    await lab.start(`db${at}`, at, 30 + at, { networks: [red], serviceId: "db" });
  }
  await lab.start("alone1", 1, 41, { networks: [blue], serviceId: "alone" });
  await lab.start("client1", 1, 51, { networks: [blue] });
  await lab.start("client2", 2, 52, { networks: [blue] });
  await lab.apply();
});

afterAll(() => lab.close());

const FAMILIES = [
  { family: "IPv4", blueBase: "10.0.5.", redBase: "10.0.6.", hex: String },
  { family: "IPv6", blueBase: "fd05::", redBase: "fd06::", hex: (n: number) => n.toString(16) },
] as const;

test.each(FAMILIES)("tasks of all nodes are reached from where one is: $family", async (family) => {
  for (const protocol of ["tcp", "udp"] as const)
    for (const at of [1, 2, 3]) {
      const host = `${family.blueBase}${family.hex(30 + at)}`;
      const result = await lab
        .task("client1")
        .namespace.ask({ do: protocol, host, port: 80, count: 5 });
      expect(result).toEqual({
        answers: { [`web${at} ${family.blueBase}${family.hex(51)}`]: 5 },
        failed: [],
      });
    }
});

test.each(FAMILIES)("a VIP leads to all tasks: $family", async ({ blueBase, hex }) => {
  for (const client of ["client1", "client2"])
    for (const protocol of ["tcp", "udp"] as const) {
      const { namespace, last } = lab.task(client);
      const host = `${blueBase}${hex(100)}`;
      const result = await namespace.ask({ do: protocol, host, port: 80, count: 60 });
      expect(result.failed).toEqual([]);
      expect(namesIn(result)).toEqual(["web1", "web2", "web3"]);
      expect(clientsIn(result)).toEqual([`${blueBase}${hex(last)}`]);
    }
});

test.each(FAMILIES)("a task reaches itself by its VIP: $family", async ({ blueBase, hex }) => {
  const { namespace } = lab.task("alone1");
  const result = await namespace.ask({
    do: "tcp",
    host: `${blueBase}${hex(101)}`,
    port: 80,
    count: 5,
  });
  expect(result.failed).toEqual([]);
  expect(namesIn(result)).toEqual(["alone1"]);
});

test.each(FAMILIES)("a VIP answers echo requests: $family", async ({ blueBase, hex }) => {
  const { namespace } = lab.task("client2");
  for (const vip of [100, 102])
    expect(await namespace.sh(`busybox ping -c2 -W2 ${blueBase}${hex(vip)}`)).toContain(
      " 0% packet loss",
    );
});

test.each(FAMILIES)("a VIP without tasks refuses at once: $family", async ({ blueBase, hex }) => {
  const { namespace } = lab.task("client1");
  for (const protocol of ["tcp", "udp"] as const) {
    const result = await namespace.ask({ do: protocol, host: `${blueBase}${hex(102)}`, port: 80 });
    expect(result.failed).toEqual(["ECONNREFUSED"]);
  }
});

test.each(FAMILIES)("networks do not reach each other: $family", async (family) => {
  const { blueBase, redBase, hex } = family;
  const attempts = [
    { from: "client1", to: `${redBase}${hex(31)}` },
    { from: "client1", to: `${redBase}${hex(32)}` },
    { from: "client1", to: `${redBase}${hex(100)}` },
    { from: "db1", to: `${blueBase}${hex(31)}` },
    { from: "db1", to: `${blueBase}${hex(32)}` },
    { from: "db1", to: `${blueBase}${hex(100)}` },
  ];
  // The internal network has no way out. A container may give itself one; it leads nowhere.
  const { namespace, host } = lab.task("db1");
  const gateway = `${redBase}${hex(host.index)}`;
  await namespace.sh(`ip route add default via ${gateway}`);
  const results = await Promise.all(
    ["client1", "db1"].map(async (from) => {
      const failed: string[] = [];
      for (const { to } of attempts.filter((one) => one.from === from)) {
        const result = await lab.task(from).namespace.ask({ do: "tcp", host: to, port: 80 });
        failed.push(...result.failed);
      }
      return failed;
    }),
  );
  await namespace.sh(`ip route del default via ${gateway}`);
  expect(results.flat()).toHaveLength(attempts.length);
});

test("an internal network has its own VIPs and tasks, and no way out", async () => {
  const { namespace } = lab.task("db2");
  const result = await namespace.ask({ do: "tcp", host: "10.0.6.100", port: 80, count: 60 });
  expect(result.failed).toEqual([]);
  expect(namesIn(result)).toEqual(["db1", "db2", "db3"]);
  await namespace.sh("ip route add default via 10.0.6.2");
  const out = await namespace.ask({ do: "tcp", host: "10.97.0.254", port: 80 });
  await namespace.sh("ip route del default");
  expect(out.failed).toEqual(["timed out"]);
});

test("neither tasks nor VIPs are reached from outside", async () => {
  await lab.router.sh("ip route add 10.0.5.0/24 via 10.97.0.1");
  for (const host of ["10.0.5.31", "10.0.5.100"]) {
    const result = await lab.router.ask({ do: "tcp", host, port: 80 });
    expect(result.failed).toHaveLength(1);
  }
  await lab.router.sh("ip route del 10.0.5.0/24");
});

test("frames of the full size cross", async () => {
  const { namespace } = lab.task("client1");
  const out = await namespace.sh("busybox ping -c2 -W2 -s 1422 10.0.5.33");
  expect(out).toContain(" 0% packet loss");
});

test("a container cannot pose as a node", async () => {
  const { namespace } = lab.task("client1");
  const { namespace: other } = lab.task("alone1");
  const entry = () => other.sh("ip neigh show 10.0.5.100");
  const ask = () => other.ask({ do: "tcp", host: "10.0.5.100", port: 80, count: 30 });
  await ask();
  expect(await entry()).toContain("02:42:0a:00:05:01");
  // It claims the VIP, as one that moves an address to itself does.
  await namespace.sh(
    "ip addr add 10.0.5.100/32 dev eth0; busybox arping -A -c 3 -I eth0 -s 10.0.5.100 10.0.5.100 || true",
  );
  expect(await entry()).toContain("02:42:0a:00:05:01");
  const result = await ask();
  expect(result.failed).toEqual([]);
  expect(namesIn(result)).toEqual(["web1", "web2", "web3"]);
  await namespace.sh("ip addr del 10.0.5.100/32 dev eth0");
  // It uses the hardware address of another node's bridge.
  await namespace.sh("ip link set eth0 address 02:42:0a:00:05:02");
  const posing = await namespace.ask({ do: "tcp", host: "10.0.5.31", port: 80 });
  await namespace.sh("ip link set eth0 address 02:42:0a:00:05:33");
  expect(posing.failed).toHaveLength(1);
  expect((await namespace.ask({ do: "tcp", host: "10.0.5.31", port: 80 })).failed).toEqual([]);
});
