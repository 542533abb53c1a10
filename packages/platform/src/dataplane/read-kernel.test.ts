import { expect, test } from "vitest";
import {
  connectionWarnings,
  espWarnings,
  filterWarnings,
  ruleWarnings,
  rulesetWarnings,
} from "./firewall.ts";
import { parseDevices } from "./read-devices.ts";
import { parseForwarding, parseNeighbours, parseVips } from "./read-kernel.ts";

test("interfaces are told apart by their names and kinds", () => {
  const { bridges, vxlans, ports, addresses } = parseDevices([
    { ifname: "docker0", linkinfo: { info_kind: "bridge" } },
    {
      ifname: "sk-a",
      address: "02:42:0a:00:05:01",
      mtu: 1450,
      flags: ["UP"],
      linkinfo: {
        info_kind: "bridge",
        info_data: { mcast_snooping: 0, nf_call_iptables: 1, nf_call_ip6tables: 0 },
      },
      addr_info: [
        { local: "10.0.5.1", prefixlen: 24, scope: "global" },
        { local: "fd05::1", prefixlen: 64, scope: "global" },
        { local: "fe80::1", prefixlen: 64, scope: "link" },
      ],
    },
    {
      ifname: "skx-a",
      master: "sk-a",
      mtu: 1450,
      flags: [],
      linkinfo: {
        info_kind: "vxlan",
        info_data: { id: 7, port: 4789, local6: "2001:db8::1", learning: true },
        info_slave_data: { neigh_suppress: true },
      },
    },
    {
      ifname: "veth1",
      master: "sk-a",
      linkinfo: { info_kind: "veth", info_slave_data: { hairpin: true } },
    },
    { ifname: "veth2", linkinfo: { info_kind: "veth" } },
    { ifname: "veth3", master: "docker0", linkinfo: { info_kind: "veth" } },
  ]);
  expect(Object.fromEntries(bridges)).toEqual({
    "sk-a": {
      mac: "02:42:0a:00:05:01",
      mtu: 1450,
      up: true,
      multicastSnooping: false,
      filtersIp: true,
      filtersIp6: false,
    },
  });
  expect(Object.fromEntries(vxlans)).toEqual({
    "skx-a": {
      vni: 7,
      port: 4789,
      local: "2001:db8::1",
      learning: true,
      bridge: "sk-a",
      mtu: 1450,
      up: false,
      suppressesNeighbours: true,
    },
  });
  expect(Object.fromEntries(ports)).toEqual({
    veth1: { bridge: "sk-a", hairpin: true },
    veth2: { bridge: undefined, hairpin: false },
  });
  expect([...addresses.keys()]).toEqual(["sk-a 10.0.5.1/24", "sk-a fd05::1/64"]);
});

test("VIPs are local routes; those of IPv6 need a proxy that answers for them", () => {
  const routes = ["10.0.5.4", "fd05::64", "fd05::65"].map((dst) => ({ dst, dev: "sk-a" }));
  const vips = parseVips(
    [...routes, { dst: "10.0.0.9", dev: "eth0" }],
    [
      { dst: "fd05::64", dev: "sk-a" },
      { dst: "fd05::65", dev: "sk-b" },
    ],
  );
  expect([...vips.keys()]).toEqual(["sk-a 10.0.5.4", "sk-a fd05::64"]);
});

test("forwarding entries are ours when they are static; both halves belong together", () => {
  const { flood, forwarding } = parseForwarding([
    { mac: "33:33:00:00:00:01", ifname: "sk-a", state: "permanent" },
    { mac: "02:00:00:00:00:01", ifname: "skx-a", master: "sk-a", state: "permanent" },
    { mac: "02:00:00:00:00:02", ifname: "skx-a", master: "sk-a", state: "" },
    { mac: "02:00:00:00:00:03", ifname: "skx-a", master: "sk-a", state: "static" },
    { mac: "02:00:00:00:00:03", ifname: "skx-a", dst: "192.0.2.2", state: "static" },
    { mac: "02:00:00:00:00:04", ifname: "skx-a", dst: "192.0.2.3", state: "static" },
    { mac: "00:00:00:00:00:00", ifname: "skx-a", dst: "192.0.2.2", state: "permanent" },
  ]);
  expect([...flood.keys()]).toEqual(["skx-a 192.0.2.2"]);
  expect([...forwarding.values()]).toEqual([
    { device: "skx-a", mac: "02:00:00:00:00:03", destination: "192.0.2.2", bridged: true },
    { device: "skx-a", mac: "02:00:00:00:00:04", destination: "192.0.2.3", bridged: false },
  ]);
});

test("neighbours of other interfaces are none of ours", () => {
  const found = parseNeighbours([
    { dst: "10.0.5.32", dev: "sk-a", lladdr: "02:42:0a:00:05:20" },
    { dst: "10.0.5.33", dev: "eth0", lladdr: "02:42:0a:00:05:21" },
  ]);
  expect([...found.keys()]).toEqual(["sk-a 10.0.5.32"]);
});

test("a firewall that drops what comes in is named", () => {
  expect(filterWarnings(":INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n", 4789)).toEqual([]);
  const dropping = ":INPUT DROP [0:0]\n:ufw-user-input - [0:0]\n";
  const [warning] = filterWarnings(dropping, 4789);
  expect(warning).toMatch(/^ufw drops .* VXLAN port \(4789\).* port 53/);
  const allowed = "-A ufw-user-input -p udp -m udp --dport 4789 -j ACCEPT\n";
  expect(filterWarnings(dropping + allowed, 4789)).toEqual([
    expect.stringMatching(/allow UDP to port 53 from interfaces "sk-\*"$/),
  ]);
  const both = "-A INPUT -i sk-+ -p udp -m multiport --dports 53,4789 -j ACCEPT\n";
  expect(filterWarnings(dropping + both, 4789)).toEqual([]);
});

test("rules that drop what networks need are named", () => {
  const chains = ":INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:DOCKER-USER - [0:0]\n";
  const jumps = "-A FORWARD -j DOCKER-USER\n";
  const ours = "-A DOCKER-USER -j SKEIN-FORWARD\n";
  const found = (rules: string): readonly string[] => ruleWarnings(chains + rules, 7777);
  expect(found(`${jumps}${ours}-A DOCKER-USER -j RETURN\n-A FORWARD -j DROP\n`)).toEqual([]);
  expect(found("-A INPUT -p udp -m udp --dport 4789 -j DROP\n")).toEqual([]);
  expect(found("-A INPUT -p udp -m udp --dport 7777 -j DROP\n")).toEqual([
    expect.stringContaining('"-A INPUT -p udp -m udp --dport 7777 -j DROP"'),
  ]);
  expect(found(`${jumps}-A DOCKER-USER -i sk-abc -j DROP\n${ours}`)).toEqual([
    expect.stringContaining('"-A DOCKER-USER -i sk-abc -j DROP"'),
  ]);
  expect(found(`-A FORWARD -j REJECT --reject-with icmp-host-prohibited\n${jumps}${ours}`)).toEqual(
    [expect.stringContaining("-A FORWARD -j REJECT")],
  );
  expect(found(`${jumps}-A DOCKER-USER -s 192.0.2.0/24 -j DROP\n${ours}`)).toEqual([]);
});

test("nftables firewalls are named, the engine's own tables are not", () => {
  const ruleset = `table ip filter {
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
	}
}
table inet firewalld {
	chain filter_FORWARD {
		type filter hook forward priority filter + 10; policy accept;
	}
}
table ip skein {
	chain forward {
		type filter hook forward priority filter - 10; policy accept;
	}
}
`;
  expect(rulesetWarnings(ruleset)).toEqual([
    expect.stringContaining('the nftables table "inet firewalld" may drop'),
  ]);
});

test("a crowded table of connections is told", () => {
  expect(connectionWarnings("1000\n262144\n")).toEqual([]);
  expect(connectionWarnings("")).toEqual([]);
  expect(connectionWarnings("250000\n262144\n")).toEqual([
    expect.stringContaining("250000 connections of at most 262144"),
  ]);
});

test("a firewall that drops ESP is told, unless a rule lets it in", () => {
  expect(espWarnings(":INPUT ACCEPT [0:0]\n")).toEqual([]);
  expect(espWarnings(":INPUT DROP [0:0]\n-A INPUT -p udp -j ACCEPT\n")).toEqual([
    expect.stringContaining("allow ESP (IP protocol 50)"),
  ]);
  expect(espWarnings(":INPUT DROP [0:0]\n-A INPUT -p esp -j ACCEPT\n")).toEqual([]);
});
