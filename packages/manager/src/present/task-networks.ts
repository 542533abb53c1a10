import type { Network, NetworkSubnet, Task } from "@skein/model";
import type { View } from "@skein/store";
import type { NetworkAttachment, SwarmNetwork } from "@skein/wire";
import { metaOf } from "./meta.ts";
import { driverOptionsOf } from "./cluster.ts";

const subnetConfig = ({
  subnet,
  range,
  gateway,
}: NetworkSubnet): NonNullable<NonNullable<SwarmNetwork["IPAMOptions"]>["Configs"]>[number] => ({
  Subnet: subnet,
  ...(range === undefined ? {} : { Range: range }),
  Gateway: gateway,
});

const shownNetwork = (network: Network): SwarmNetwork => ({
  ...metaOf(network),
  Spec: {
    Name: network.name,
    Labels: network.labels,
    DriverConfiguration: {
      Name: network.driver.name,
      ...(Object.keys(network.driver.options).length > 0
        ? { Options: network.driver.options }
        : {}),
    },
    ...(network.ipv6 ? { IPv6Enabled: true } : {}),
    ...(network.internal ? { Internal: true } : {}),
    ...(network.attachable ? { Attachable: true } : {}),
    ...(network.ingress ? { Ingress: true } : {}),
    Scope: "swarm",
  },
  DriverState: { Name: network.driver.name, Options: driverOptionsOf(network) ?? {} },
  IPAMOptions: { Driver: { Name: "default" }, Configs: network.subnets.map(subnetConfig) },
});

/** The networks that a task has addresses on, as the API shows them; also when it has ended. */
export const networksOfTask = (view: View, task: Task): readonly NetworkAttachment[] =>
  (task.networks ?? []).flatMap(({ networkId, addresses }) => {
    const network = view.get("networks", networkId);
    if (!network) return [];
    const prefixes = network.subnets.map(({ subnet }) => subnet.slice(subnet.indexOf("/")));
    return [
      {
        Network: shownNetwork(network),
        Addresses: addresses.map((address, index) => `${address}${prefixes[index] ?? ""}`),
      },
    ];
  });
