/** The data plane finds and repairs what others break, and leaves no trace when it goes. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { newLinuxDataplane } from "@skein/platform";
import { Lab } from "./support/net/lab.ts";
import { blue, ingress } from "./support/net/lab-networks.ts";
import { namesIn } from "./support/net/network-namespace.ts";

const lab = new Lab("repair");
const BRIDGE = "sk-blue000000";
const VXLAN = "skx-blue000000";
/** All that the data plane could leave behind, but for what the kernel adds by itself in time. */
const STATE = `{ ip -o link; ip -o addr; ip route show table all; ip -6 route show table all
  ip neigh show nud permanent; bridge fdb; nft list ruleset; iptables -S; ip6tables -S; ip rule
  } | sed 's/^[0-9]*: //; s/ valid_lft.*//; s/ *counter packets [0-9]* bytes [0-9]*//' | grep -v -e fe80 -e 33:33`;

/** The rules of an engine (host 1: Docker) and of an administrator. */
const ENGINE = `iptables -P FORWARD DROP; ip6tables -P FORWARD DROP
  iptables -N DOCKER-USER; iptables -I FORWARD -j DOCKER-USER
  iptables -A DOCKER-USER -s 192.0.2.0/24 -j DROP; iptables -A DOCKER-USER -j RETURN`;

let before = "";

beforeAll(async () => {
  await lab.open(2);
  const { namespace } = lab.host(1);
  await namespace.sh(`sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1; ${ENGINE}`);
  before = await namespace.sh(STATE);
  lab.networks.push(ingress, blue);
  lab.services.push({ id: "web", networkId: blue.id, vip: 100 });
  lab.published.push({
    protocol: "tcp",
    port: 8080,
    targetPort: 80,
    serviceId: "web",
    localOnly: false,
    clientAffinity: false,
    addresses: [],
  });
  await lab.apply();
  for (const at of [1, 2])
    await lab.start(`web${at}`, at, 30 + at, { networks: [ingress, blue], serviceId: "web" });
  await lab.start("client", 1, 51, { networks: [blue] });
  await lab.apply();
});

afterAll(() => lab.close());

/** Who answers the client in a container and the one outside, by VIP and mesh; nobody else, and no failure. */
const traffic = async (): Promise<readonly object[]> => {
  const { namespace } = lab.task("client");
  const asked = [
    { from: namespace, host: "10.0.5.100", port: 80 },
    { from: namespace, host: "fd05::64", port: 80 },
    { from: lab.outside, host: lab.host(1).address, port: 8080 },
    { from: lab.outside, host: lab.host(2).address, port: 8080 },
  ];
  const seen: object[] = [];
  for (const { from, host, port } of asked) {
    const result = await from.ask({ do: "tcp", host, port, count: 40 });
    seen.push({ failed: result.failed, names: namesIn(result) });
  }
  return seen;
};

const GOOD = Array.from({ length: 4 }, () => ({ failed: [], names: ["web1", "web2"] }));

test("what was applied is what is read back", async () => {
  for (const { dataplane } of lab.hosts)
    expect(await dataplane.audit()).toEqual({ changes: {}, differences: [] });
  expect(await traffic()).toEqual(GOOD);
});

test.each([
  { what: `nft flush ruleset; ${ENGINE}`, counts: ["tables", "filters"] },
  { what: "nft flush chain ip skein prerouting", counts: ["tables"] },
  { what: "nft delete element ip skein backends { 10.0.5.100 . 0 }", counts: ["tables"] },
  { what: 'nft insert rule ip6 skein forward iifname "sk-*" drop', counts: ["tables"] },
  { what: "nft 'add set ip skein other { type ipv4_addr; }'", counts: ["tables"] },
  {
    what: `bridge fdb del 02:42:0a:00:05:20 dev ${VXLAN} dst 10.97.0.2 self`,
    counts: ["forwarding"],
  },
  { what: `bridge fdb del 02:42:0a:00:05:20 dev ${VXLAN} master`, counts: ["forwarding"] },
  { what: `bridge fdb del 00:00:00:00:00:00 dev ${VXLAN} dst 10.97.0.2 self`, counts: ["flood"] },
  { what: `ip neigh flush dev ${BRIDGE} nud permanent`, counts: ["neighbours"] },
  { what: `ip link del ${VXLAN}`, counts: ["vxlans", "flood", "forwarding"] },
  { what: `ip link set ${VXLAN} down`, counts: ["vxlans"] },
  { what: `ip link set ${VXLAN} nomaster`, counts: ["vxlans"] },
  { what: `ip link set ${BRIDGE} type bridge nf_call_iptables 0`, counts: ["bridges"] },
  { what: `ip link set ${BRIDGE} address 02:00:00:00:00:01 mtu 1400`, counts: ["bridges"] },
  { what: `ip link set ${BRIDGE} down`, counts: ["bridges"] },
  { what: `ip addr flush dev ${BRIDGE}`, counts: ["addresses", "vips"] },
  { what: `ip route flush table local proto 83`, counts: ["vips"] },
  {
    what: "iptables -D DOCKER-USER -j SKEIN-FORWARD; iptables -F SKEIN-FORWARD; iptables -X SKEIN-FORWARD; ip6tables -F SKEIN-FORWARD",
    counts: ["filters"],
  },
  { what: "iptables -D DOCKER-USER -j SKEIN-FORWARD", counts: ["filters"] },
  { what: "iptables -I DOCKER-USER -j RETURN", counts: ["filters"] },
  { what: "sysctl -qw net.ipv4.conf.sk-ingress000.route_localnet=0", counts: ["sysctls"] },
  {
    what: "bridge link set dev v1web1 hairpin off; ip link set v1web1 nomaster",
    counts: ["ports"],
  },
  { what: `ip link del ${BRIDGE}`, counts: ["bridges", "addresses", "ports", "neighbours"] },
])("repaired and counted: $what", async ({ what, counts }) => {
  const { namespace, dataplane } = lab.host(1);
  await namespace.sh(what);
  const { changes } = await dataplane.audit();
  expect(Object.keys(changes)).toEqual(expect.arrayContaining([...counts]));
  expect(await dataplane.audit()).toEqual({ changes: {}, differences: [] });
  expect(await traffic()).toEqual(GOOD);
});

test("a change that comes after a foreign flush repairs as well", async () => {
  const { namespace } = lab.host(1);
  await namespace.sh(`nft flush ruleset; ${ENGINE}`);
  lab.task("web2").active = false;
  await lab.apply();
  lab.task("web2").active = true;
  await lab.apply();
  expect(await traffic()).toEqual(GOOD);
});

test("an nft that was killed is started anew", async () => {
  const { namespace } = lab.host(1);
  await namespace.sh(
    `for pid in $(ip netns pids ${namespace.name}); do
       if grep -qx nft /proc/$pid/comm; then kill -9 $pid; fi
     done`,
  );
  lab.task("web2").active = false;
  await lab.apply();
  const { answers } = await lab.task("client").namespace.ask({
    do: "tcp",
    host: "10.0.5.100",
    port: 80,
    count: 20,
  });
  expect(Object.keys(answers)).toEqual(["web1 10.0.5.51"]);
  lab.task("web2").active = true;
  await lab.apply();
  expect(await traffic()).toEqual(GOOD);
});

test("an agent that starts anew takes over what is there", async () => {
  const host = lab.host(1);
  const successor = newLinuxDataplane({ enter: host.namespace.enter });
  expect(await successor.apply(lab.plan(host).state)).toEqual({ changes: {} });
  await successor.close();
});

test("rules of the host's administrator are asked before ours", async () => {
  const rules = await lab.host(1).namespace.sh("iptables -S DOCKER-USER");
  expect(rules.trim().split("\n").slice(1)).toEqual([
    "-A DOCKER-USER -s 192.0.2.0/24 -j DROP",
    "-A DOCKER-USER -j SKEIN-FORWARD",
    "-A DOCKER-USER -j RETURN",
  ]);
});

test("this kernel has all that is needed", async () => {
  expect(await lab.host(1).dataplane.requirements()).toEqual([]);
});

test("firewalls that drop by default are told", async () => {
  const { namespace, dataplane } = lab.host(2);
  await namespace.sh(
    `iptables -P INPUT DROP; nft 'table inet fw { chain f { type filter hook forward priority 0; policy drop; }; }'`,
  );
  const warnings = await dataplane.warnings();
  await namespace.sh("iptables -P INPUT ACCEPT; nft delete table inet fw");
  expect(warnings).toHaveLength(2);
  expect(warnings[0]).toContain("UDP to the VXLAN port");
  expect(warnings[1]).toContain('"inet fw"');
});

test("nothing is left when it is removed", async () => {
  const { namespace, dataplane } = lab.host(1);
  await lab.task("web1").namespace.sh("ip link del eth0; ip link del eth1");
  await lab.task("client").namespace.sh("ip link del eth0");
  expect((await dataplane.remove()).changes).toMatchObject({ bridges: 2, vxlans: 2, filters: 2 });
  expect(await namespace.sh(STATE)).toBe(before);
  expect(await dataplane.remove()).toEqual({ changes: {} });
});
