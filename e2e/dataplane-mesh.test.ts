/** The routing mesh between hosts that are network namespaces. Tasks see the clients' real addresses. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PublishedPort } from "@skein/model";
import { Lab } from "./support/net/lab.ts";
import { blue, ingress } from "./support/net/lab-networks.ts";
import { clientsIn, namesIn, NetworkNamespace } from "./support/net/network-namespace.ts";
import type { Answers } from "./support/net/network-namespace.ts";

const lab = new Lab("mesh");

const port = (
  number: number,
  serviceId: string,
  more: Partial<PublishedPort> = {},
): PublishedPort => ({
  protocol: "tcp",
  port: number,
  targetPort: 80,
  serviceId,
  localOnly: false,
  clientAffinity: false,
  addresses: [],
  ...more,
});

beforeAll(async () => {
  await lab.open(3);
  lab.networks.push(ingress, blue);
  lab.published.push(
    port(8080, "web"),
    port(8080, "web", { protocol: "udp" }),
    port(8081, "one"),
    port(8082, "web", { localOnly: true }),
    port(8083, "one", { localOnly: true }),
    port(8084, "web", { clientAffinity: true }),
    port(8085, "web", { addresses: ["10.97.0.2", "fd97::2"] }),
  );
  await lab.apply();
  for (const at of [1, 2, 3])
    await lab.start(`web${at}`, at, 30 + at, { networks: [ingress, blue], serviceId: "web" });
  await lab.start("one3", 3, 43, { networks: [ingress], serviceId: "one" });
  await lab.start("client1", 1, 51, { networks: [blue] });
  await lab.apply();
});

afterAll(() => lab.close());

const ALL = ["web1", "web2", "web3"];

/** Every task has answered, no connection failed, and these are the addresses that tasks saw. */
const everyTask = (clients: readonly string[]): object => ({ failed: [], names: ALL, clients });

const summaryOf = (result: Answers): object => ({
  failed: result.failed,
  names: namesIn(result),
  clients: clientsIn(result),
});

const PROTOCOLS = ["tcp", "udp"] as const;
const NODES = [1, 2, 3];

const node = (family: string, at: number): string =>
  family === "IPv4" ? lab.host(at).address : lab.host(at).address6;

const CLIENTS = PROTOCOLS.flatMap((protocol) =>
  ["IPv4", "IPv6"].map((family) => ({ protocol, family })),
);

test.each(CLIENTS)("a remote client, $protocol, $family", async ({ protocol, family }) => {
  for (const at of NODES) {
    const result = await lab.outside.ask({
      do: protocol,
      host: node(family, at),
      port: 8080,
      count: 60,
    });
    expect(summaryOf(result)).toEqual(everyTask([family === "IPv4" ? "198.51.100.9" : "fd98::9"]));
  }
});

test.each(CLIENTS)(
  "a client on the nodes' segment, $protocol, $family",
  async ({ protocol, family }) => {
    for (const at of NODES) {
      const result = await lab.router.ask({
        do: protocol,
        host: node(family, at),
        port: 8080,
        count: 60,
      });
      expect(summaryOf(result)).toEqual(
        everyTask([family === "IPv4" ? "10.97.0.254" : "fd97::fe"]),
      );
    }
  },
);

test.each(CLIENTS)(
  "a node by its own address, $protocol, $family",
  async ({ protocol, family }) => {
    for (const at of NODES) {
      const { namespace } = lab.host(at);
      const result = await namespace.ask({
        do: protocol,
        host: node(family, at),
        port: 8080,
        count: 60,
      });
      expect(summaryOf(result)).toEqual(everyTask([node(family, at)]));
    }
  },
);

test.each(PROTOCOLS)("a node by its loopback address, %s", async (protocol) => {
  for (const at of NODES) {
    const { namespace } = lab.host(at);
    const result = await namespace.ask({ do: protocol, host: "127.0.0.1", port: 8080, count: 60 });
    expect(summaryOf(result)).toEqual(everyTask([`10.0.0.${at}`]));
  }
});

test.each(CLIENTS)(
  "a node by another's address, $protocol, $family",
  async ({ protocol, family }) => {
    for (const at of NODES) {
      const { namespace } = lab.host(at);
      const host = node(family, (at % 3) + 1);
      const result = await namespace.ask({ do: protocol, host, port: 8080, count: 60 });
      expect(summaryOf(result)).toEqual(everyTask([node(family, at)]));
    }
  },
);

test("a container by its node: seen by the gateway where it shares a network with the task", async () => {
  const { namespace } = lab.task("client1");
  expect(
    summaryOf(await namespace.ask({ do: "tcp", host: lab.host(1).address, port: 8080, count: 60 })),
  ).toEqual(everyTask(["10.0.0.1"]));
});

test("a container by its node: seen by its own address otherwise", async () => {
  const { namespace } = lab.task("client1");
  for (const host of [lab.host(1).address, lab.host(1).address6]) {
    const result = await namespace.ask({ do: "tcp", host, port: 8081, count: 20 });
    const own = host.includes(":") ? "fd05::33" : "10.0.5.51";
    expect(result).toEqual({ answers: { [`one3 ${own}`]: 20 }, failed: [] });
  }
});

test("a container on a bridge that is none of ours, by its node: its own address", async () => {
  const { namespace } = lab.host(1);
  const box = await NetworkNamespace.create("skdp-mesh-box");
  try {
    // With the masquerading of an engine, which would hide it.
    await namespace.sh(
      `ip link add eng0 type bridge; ip addr add 172.17.0.1/24 dev eng0; ip link set eng0 up
       ip link add vbox type veth peer name eth0 netns ${box.name}; ip link set vbox master eng0 up
       iptables -t nat -A POSTROUTING -s 172.17.0.0/24 ! -o eng0 -j MASQUERADE
       iptables -A FORWARD -i eng0 ! -o eng0 -j ACCEPT
       iptables -A FORWARD -o eng0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    );
    await box.sh(
      "ip addr add 172.17.0.2/24 dev eth0; ip link set eth0 up; ip route add default via 172.17.0.1",
    );
    expect(
      summaryOf(await box.ask({ do: "tcp", host: lab.host(1).address, port: 8080, count: 60 })),
    ).toEqual(everyTask(["172.17.0.2"]));
    // Another node sees what any machine outside would see.
    expect(
      summaryOf(await box.ask({ do: "tcp", host: lab.host(2).address, port: 8080, count: 60 })),
    ).toEqual(everyTask(["10.97.0.1"]));
  } finally {
    await box.remove();
    await namespace.sh("ip link del eng0");
  }
});

test("a task calls its own service by its node", async () => {
  for (const at of NODES) {
    const { namespace } = lab.task(`web${at}`);
    for (const protocol of PROTOCOLS) {
      const result = await namespace.ask({
        do: protocol,
        host: lab.host(at).address,
        port: 8080,
        count: 60,
      });
      expect(result.failed).toEqual([]);
      expect(namesIn(result)).toEqual(ALL);
    }
  }
});

test("the same client port is used on three nodes at once", async () => {
  for (const at of NODES)
    for (let from = 41_001; from <= 41_020; from += 1) {
      const command = { do: "open", host: lab.host(at).address, port: 8080, from } as const;
      const result = await lab.outside.ask(command);
      expect(result.failed).toEqual([]);
      expect(clientsIn(result)).toEqual(["198.51.100.9"]);
    }
  const result = await lab.outside.ask({ do: "say" });
  expect(result.failed).toEqual([]);
  expect(Object.values(result.answers).reduce((sum, count) => sum + count, 0)).toBe(60);
});

test("a node without a task answers", async () => {
  const result = await lab.outside.ask({
    do: "tcp",
    host: lab.host(1).address,
    port: 8081,
    count: 20,
  });
  expect(result).toEqual({ answers: { "one3 198.51.100.9": 20 }, failed: [] });
});

test("local only: each node has its own task, or refuses", async () => {
  for (const at of NODES) {
    const { address } = lab.host(at);
    const result = await lab.outside.ask({ do: "tcp", host: address, port: 8082, count: 20 });
    expect(result).toEqual({ answers: { [`web${at} 198.51.100.9`]: 20 }, failed: [] });
  }
  const refused = await lab.outside.ask({ do: "tcp", host: lab.host(1).address, port: 8083 });
  expect(refused.failed).toEqual(["ECONNREFUSED"]);
});

test("affinity: one client comes to one task, whichever node it asks", async () => {
  for (const family of ["IPv4", "IPv6"]) {
    const names = new Set<string>();
    for (const at of NODES) {
      const result = await lab.outside.ask({
        do: "tcp",
        host: node(family, at),
        port: 8084,
        count: 20,
      });
      expect(result.failed).toEqual([]);
      for (const name of namesIn(result)) names.add(name);
    }
    expect(names.size).toBe(1);
  }
});

test("affinity: clients are spread", async () => {
  const names = new Set<string>();
  for (let last = 100; last < 116; last += 1) {
    await lab.router.sh(
      `ip addr add 10.97.0.${last}/32 dev eth0; ip route replace 10.97.0.2/32 dev eth0 src 10.97.0.${last}`,
    );
    const result = await lab.router.ask({ do: "tcp", host: "10.97.0.2", port: 8084, count: 2 });
    expect(result.failed).toEqual([]);
    expect(namesIn(result)).toHaveLength(1);
    expect(clientsIn(result)).toEqual([`10.97.0.${last}`]);
    for (const name of namesIn(result)) names.add(name);
    await lab.router.sh(
      `ip route del 10.97.0.2/32 dev eth0; ip addr del 10.97.0.${last}/32 dev eth0`,
    );
  }
  expect([...names].toSorted()).toEqual(ALL);
});

test("a port on chosen addresses is answered on those only", async () => {
  for (const family of ["IPv4", "IPv6"]) {
    const there = await lab.outside.ask({
      do: "tcp",
      host: node(family, 2),
      port: 8085,
      count: 30,
    });
    expect(there.failed).toEqual([]);
    expect(namesIn(there)).toEqual(ALL);
    const elsewhere = await lab.outside.ask({ do: "tcp", host: node(family, 1), port: 8085 });
    expect(elsewhere.failed).toEqual(["ECONNREFUSED"]);
  }
});
