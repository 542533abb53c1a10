// The hosts and paths of the network benchmark.
import { messageOf } from "@skein/base";
import type { NetworkKey } from "@skein/model";
import { newLinuxDataplane } from "@skein/platform";
import { blue, ingress } from "../e2e/support/net/lab-networks.ts";
import type { Lab, LabNetwork } from "../e2e/support/net/lab.ts";
import type { Path, Ports } from "./network-measures.ts";
import { bareVxlan, proxy, serve } from "./network-servers.ts";

const red: LabNetwork = {
  id: "red00000000",
  name: "red",
  vni: 4106,
  base: "10.0.6",
  base6: "fd06",
  encrypted: true,
};

/** Of servers in tasks. The service `far` is published under the same. */
const PORTS: Ports = { iperf: 5201, http: 8000 };
/** Under which the service `near` is published. */
const NEAR: Ports = { iperf: 5202, http: 8001 };
/** Of servers on a host itself. */
const HOST: Ports = { iperf: 5301, http: 8100 };
/** Of docker-proxy. */
const PROXIED: Ports = { iperf: 5401, http: 8200 };

/** The path that the others are compared with. */
export const BARE = "bare VXLAN";
const OVERLAY = "overlay, to another node";
const ENCRYPTED = "encrypted overlay, to another node";
const LOOPBACK = "mesh, 127.0.0.1, same node";
const DOCKER_PROXY = "docker-proxy, 127.0.0.1, same node";

const key = (number: number): NetworkKey => ({ number, secret: `0${number}`.repeat(32) });

/** Two nodes, a network, and a published service with one task on each. */
const fill = async (lab: Lab, isEncrypting: boolean): Promise<void> => {
  await lab.open(2);
  const networks = isEncrypting ? [blue, red] : [blue];
  lab.networks.push(ingress, ...networks);
  for (const host of isEncrypting ? lab.hosts : [])
    host.keys = { previous: key(1), current: key(2), next: key(3), rotatedAt: 0 };
  for (const [serviceId, vip, outside] of [
    ["far", 100, PORTS],
    ["near", 101, NEAR],
  ] as const) {
    lab.services.push({ id: serviceId, networkId: blue.id, vip });
    for (const kind of ["iperf", "http"] as const)
      lab.published.push({
        protocol: "tcp",
        port: outside[kind],
        targetPort: PORTS[kind],
        serviceId,
        localOnly: false,
        clientAffinity: false,
        addresses: [],
      });
  }
  await lab.apply();
  await lab.start("far", 2, 31, { networks: [ingress, ...networks], serviceId: "far" });
  await lab.start("near", 1, 32, { networks: [ingress, blue], serviceId: "near" });
  await lab.start("client", 1, 51, { networks });
  await lab.apply();
};

const pathsOf = async (lab: Lab): Promise<readonly Path[]> => {
  const [host, { namespace: client }] = [lab.host(1), lab.task("client")];
  const [bareNear, bareFar] = await bareVxlan(lab);
  const [far, near] = [
    await serve(lab.task("far").namespace, PORTS),
    await serve(lab.task("near").namespace, PORTS),
  ];
  const toFar = { client, ports: PORTS, programs: far };
  const toNear = { client, ports: PORTS, programs: near };
  const [mesh, mesh2] = [
    { ...toFar, client: host.namespace, address: host.address },
    { ...toNear, ports: NEAR, address: host.address },
  ];
  return [
    {
      what: "underlay, host to host",
      client: host.namespace,
      address: lab.host(2).address,
      ports: HOST,
      programs: await serve(lab.host(2).namespace, HOST),
    },
    {
      what: BARE,
      client: bareNear,
      address: "10.9.9.2",
      ports: PORTS,
      programs: await serve(bareFar, PORTS),
    },
    { ...toFar, what: OVERLAY, address: "10.0.5.31" },
    { ...toFar, what: "VIP, to another node", address: "10.0.5.100" },
    { ...mesh, what: "mesh, the node itself, to another node" },
    { ...mesh, what: "mesh, client outside, to another node", client: lab.router },
    { ...toNear, what: "overlay, same node", address: "10.0.5.32" },
    { ...toNear, what: "VIP, same node", address: "10.0.5.101" },
    { ...mesh2, what: "mesh, client outside, same node", client: lab.router },
    {
      ...mesh2,
      what: LOOPBACK,
      client: host.namespace,
      address: "127.0.0.1",
    },
  ];
};

/** What a published port costs that a program on the node passes on. */
const proxiedPath = async (lab: Lab, near: Path): Promise<Path> => {
  const { namespace: client } = lab.host(1);
  const proxies = [
    await proxy(client, PROXIED.iperf, "10.0.5.32", PORTS.iperf),
    await proxy(client, PROXIED.http, "10.0.5.32", PORTS.http),
  ];
  return { ...near, what: DOCKER_PROXY, ports: PROXIED, programs: [...near.programs, ...proxies] };
};

/** What can be measured here, and what cannot, and why. */
export interface Paths {
  readonly paths: readonly Path[];
  readonly leftOut: readonly string[];
}

/** Builds hosts and servers in a lab that is not open yet. */
export const openPaths = async (lab: Lab): Promise<Paths> => {
  const dataplane = newLinuxDataplane({ enter: [] });
  const encryption = await dataplane.encryption();
  await dataplane.close();
  await fill(lab, encryption.supported);
  const paths = [...(await pathsOf(lab))];
  const leftOut: string[] = [];
  const over = paths.find(({ what }) => what === OVERLAY);
  const near = paths.find(({ what }) => what === LOOPBACK);
  if (!over || !near) throw new Error("no paths");
  if (encryption.supported) paths.push({ ...over, what: ENCRYPTED, address: "10.0.6.31" });
  else leftOut.push(`${ENCRYPTED}: ${encryption.reason}`);
  try {
    paths.push(await proxiedPath(lab, near));
  } catch (error) {
    leftOut.push(`${DOCKER_PROXY}: ${messageOf(error)}`);
  }
  return { paths, leftOut };
};
