import * as fc from "fast-check";
import type { NetworkTables } from "@skein/model";
import { anEndpoint, anIngress, aNetwork, aPort, aService, theTables, aRing } from "./tables.ts";

const endpoints = (base: string, base6: string) =>
  fc
    .uniqueArray(
      fc.record({
        last: fc.integer({ min: 10, max: 40 }),
        node: fc.integer({ min: 1, max: 4 }),
        service: fc.constantFrom("web", "db", undefined),
        active: fc.boolean(),
      }),
      { selector: ({ last }) => last, maxLength: 8 },
    )
    .map((tasks) =>
      tasks.map(({ last, node, service, active }) =>
        anEndpoint(`t${last}`, [`${base}.${last}`, `${base6}::${last.toString(16)}`], {
          nodeId: `node${node}`,
          active,
          ...(service === undefined ? {} : { serviceId: service }),
        }),
      ),
    );

const network = (number: number) =>
  fc
    .record({
      endpoints: endpoints(`10.0.${number}`, `fd0${number}`),
      peers: fc.subarray([2, 3, 4]),
      internal: fc.boolean(),
      vni: fc.constantFrom(4096 + number, 5000),
      mtu: fc.constantFrom(1450, 1400),
      ip6: fc.boolean(),
      gateway: fc.constantFrom(1, 5),
      encrypted: fc.boolean(),
    })
    .map(({ peers, ip6, gateway, ...rest }) => {
      const make = number === 0 ? anIngress : aNetwork;
      const four = { subnet: `10.0.${number}.0/24`, gateway: `10.0.${number}.${gateway}` };
      const six = { subnet: `fd0${number}::/64`, gateway: `fd0${number}::${gateway}` };
      return make({
        ...rest,
        id: `net${number}00000000000000000000`,
        subnets: ip6 ? [four, six] : [four],
        peers: peers.map((node) => ({
          nodeId: `node${node}`,
          underlay: `192.0.2.${node}`,
          gateways: [`10.0.${number}.${node}`, `fd0${number}::${node}`],
        })),
        services: [aService("web", [`10.0.${number}.100`, `fd0${number}::64`])],
      });
    });

const port = fc.record({
  port: fc.constantFrom(8080, 8081),
  protocol: fc.constantFrom("tcp" as const, "udp" as const),
  localOnly: fc.boolean(),
  clientAffinity: fc.boolean(),
  addresses: fc.constantFrom([], ["192.0.2.1"], ["2001:db8::1"]),
});

/** Tables of node 1: some of three networks, the first being the ingress network, and some ports. */
export const anyTables: fc.Arbitrary<NetworkTables> = fc
  .record({
    networks: fc.tuple(network(0), network(1), network(2)).chain((all) => fc.subarray(all)),
    keys: fc.integer({ min: 2, max: 6 }),
    ports: fc.uniqueArray(port, { selector: (one) => `${one.protocol}${one.port}`, maxLength: 3 }),
  })
  .map(({ networks, ports, keys }) => ({
    ...theTables(networks, ports.map(aPort)),
    keys: aRing(keys),
  }));
