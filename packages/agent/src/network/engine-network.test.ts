import { expect, test } from "vitest";
import {
  dockerEndpointBody,
  dockerNetworkBody,
  engineEndpoint,
  engineNetwork,
  podmanNetworkBody,
} from "./engine-network.ts";
import { anIngress, aNetwork } from "./testing/tables.ts";

const dual = aNetwork({
  internal: true,
  subnets: [
    { subnet: "10.0.5.0/24", gateway: "10.0.5.1" },
    { subnet: "fd00:5::/64", gateway: "fd00:5:0::1" },
  ],
});

test("Docker's network lies on our bridge, with this node's gateways", () => {
  expect(dockerNetworkBody(engineNetwork(dual, 1450))).toMatchObject({
    Driver: "bridge",
    Internal: true,
    EnableIPv6: true,
    IPAM: {
      Config: [
        { Subnet: "10.0.5.0/24", Gateway: "10.0.5.1" },
        { Subnet: "fd00:5::/64", Gateway: "fd00:5::1" },
      ],
    },
    Options: {
      "com.docker.network.bridge.name": "sk-bluenetwor",
      "com.docker.network.driver.mtu": "1450",
    },
  });
});

test("Podman's network lies on our bridge, without its name server", () => {
  expect(podmanNetworkBody(engineNetwork(aNetwork(), 1450))).toMatchObject({
    network_interface: "sk-bluenetwor",
    subnets: [{ subnet: "10.0.5.0/24", gateway: "10.0.5.1" }],
    dns_enabled: false,
    ipv6_enabled: false,
    options: { mtu: "1450" },
  });
});

test("the ingress network comes first by name: Docker takes the default route from it", () => {
  const names = [aNetwork(), anIngress()].map((one) => engineNetwork(one, 1450).name);
  expect(names.toSorted()[0]).toContain("ingress");
});

test("a container has the addresses that managers gave it, and the hardware address of the first", () => {
  const endpoint = engineEndpoint(["10.0.5.31", "fd00:5:0::31"]);
  expect(dockerEndpointBody(endpoint)).toEqual({
    MacAddress: "02:42:0a:00:05:1f",
    IPAMConfig: { IPv4Address: "10.0.5.31", IPv6Address: "fd00:5::31" },
  });
});
