// What runs on the hosts of the network benchmark, and what it is compared with.
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import type { Lab } from "../e2e/support/net/lab.ts";
import type { NetworkNamespace } from "../e2e/support/net/network-namespace.ts";
import type { Ports } from "./network-measures.ts";

/** The cheapest HTTP server that can be had: what is measured is the way to it. */
const HTTP_SERVER = `
const body = "HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n";
const stays = body + "\\r\\nhello", ends = body + "Connection: close\\r\\n\\r\\nhello";
require("node:net").createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => {});
  socket.on("data", (data) => data.includes("Connection: close") ? socket.end(ends) : socket.write(stays));
}).listen({ port: Number(process.argv[1]), host: "0.0.0.0", backlog: 4096 }, () => console.log("ready"));
`;

/** The process id of a program that has said that it is ready. Rejects when it ended instead. */
const ready = async (child: ChildProcessWithoutNullStreams, what: string): Promise<number> => {
  const [said]: readonly unknown[] = await Promise.race([
    once(child.stdout, "data"),
    once(child, "exit"),
  ]);
  if (!(said instanceof Buffer)) throw new Error(`${what} does not run`);
  return child.pid ?? 0;
};

/** Starts iperf3 and an HTTP server. Resolves to their process ids. */
export const serve = async (
  namespace: NetworkNamespace,
  ports: Ports,
): Promise<readonly number[]> => {
  // Ports that rest after a connection would run out within a round.
  await namespace.sh("sysctl -qw net.ipv4.tcp_max_tw_buckets=0");
  const iperf = namespace.spawn("iperf3", ["-s", "--forceflush", "-p", String(ports.iperf)]);
  const http = namespace.spawn(process.execPath, ["-e", HTTP_SERVER, String(ports.http)]);
  return Promise.all([ready(iperf, "iperf3"), ready(http, "the HTTP server")]);
};

/** Starts docker-proxy for a port as the engine does; it says on descriptor 3 that it listens. */
export const proxy = (
  host: NetworkNamespace,
  from: number,
  to: string,
  port: number,
): Promise<number> => {
  const ends = `-host-ip 127.0.0.1 -host-port ${from} -container-ip ${to} -container-port ${port}`;
  const child = host.spawn("sh", ["-c", `exec docker-proxy -proto tcp ${ends} 3>&1`]);
  return ready(child, "docker-proxy (Debian package docker.io)");
};

/** Two namespaces joined by nothing but bridges and VXLAN: what any overlay must pay for. */
export const bareVxlan = async (
  lab: Lab,
): Promise<readonly [NetworkNamespace, NetworkNamespace]> => {
  const end = async (at: number, peer: number): Promise<NetworkNamespace> => {
    const { namespace } = lab.host(at);
    const made = await lab.machine(`bare${at}`);
    await namespace.sh(
      `ip link add bare type bridge mcast_snooping 0; ip link set bare up
       ip link add barex mtu 1450 type vxlan id 77 dstport 4799 local 10.97.0.${at}
       ip link set barex master bare up
       bridge fdb append 00:00:00:00:00:00 dev barex dst 10.97.0.${peer}
       ip link add bvf mtu 1450 type veth peer name eth0 mtu 1450 netns ${made.name}
       ip link set bvf master bare up`,
    );
    await made.sh(`ip addr add 10.9.9.${at}/24 dev eth0; ip link set eth0 up`);
    return made;
  };
  return [await end(1, 2), await end(2, 1)];
};
