import { expect, test } from "vitest";
import { matchInterfaces, renderGateway } from "./attach.ts";

test("a container's interfaces are matched with their ends in our bridges", () => {
  const inside = [
    { ifname: "lo", ifindex: 1, address: "00:00:00:00:00:00" },
    { ifname: "eth0", ifindex: 2, link_index: 7, address: "02:42:0a:00:05:1f" },
    { ifname: "eth1", ifindex: 3, link_index: 8, address: "02:42:ac:11:00:02" },
  ];
  const outside = [
    { ifname: "veth1", ifindex: 7, master: "sk-blue" },
    { ifname: "veth2", ifindex: 8, master: "docker0" },
  ];
  expect(matchInterfaces(inside, outside)).toEqual([
    { name: "eth0", port: "veth1", bridge: "sk-blue", mac: "02:42:0a:00:05:1f" },
  ]);
});

test.each([
  { routes: [], commands: ["route add default via 10.0.0.1"] },
  { routes: [{ gateway: "10.0.0.1", dev: "eth0" }], commands: [] },
  {
    routes: [
      { gateway: "10.0.0.1", dev: "eth0" },
      { gateway: "10.0.5.1", dev: "eth1" },
    ],
    commands: ["route del default via 10.0.5.1 dev eth1"],
  },
  {
    routes: [{ gateway: "10.0.5.1", dev: "eth1" }],
    commands: ["route del default via 10.0.5.1 dev eth1", "route add default via 10.0.0.1"],
  },
  {
    routes: [{ dev: "tun0" }],
    commands: ["route del default dev tun0", "route add default via 10.0.0.1"],
  },
])("one default route is left: $routes", ({ routes, commands }) => {
  expect(renderGateway(routes, "10.0.0.1")).toEqual(commands);
});
