// Goal: what listens is read as ss prints it, and clients' sockets are not taken for servers.
import { expect, test } from "vitest";
import { nameServersIn } from "./diagnostics.ts";
import { nameVxlan, parseSockets, withinRanges } from "./listeners.ts";

const SAID = `udp   UNCONN 0      0            0.0.0.0:4789      0.0.0.0:*
udp   UNCONN 0      0      127.0.0.53%lo:53        0.0.0.0:*    users:(("systemd-resolve",pid=88,fd=12))
udp   UNCONN 0      0            0.0.0.0:40123     0.0.0.0:*    users:(("curl",pid=99,fd=5))
tcp   LISTEN 0      128                *:8080            *:*    users:(("nginx",pid=12,fd=6),("nginx",pid=13,fd=6))
tcp   LISTEN 0      128             [::]:22           [::]:*    users:(("sshd",pid=1,fd=3))
`;

test("addresses, ports and programs", () => {
  expect(parseSockets(SAID)).toEqual([
    { protocol: "udp", address: "0.0.0.0", port: 4789, program: "", pid: 0 },
    { protocol: "udp", address: "127.0.0.53", port: 53, program: "systemd-resolve", pid: 88 },
    { protocol: "udp", address: "0.0.0.0", port: 40_123, program: "curl", pid: 99 },
    { protocol: "tcp", address: "*", port: 8080, program: "nginx", pid: 12 },
    { protocol: "tcp", address: "::", port: 22, program: "sshd", pid: 1 },
  ]);
  expect(parseSockets("")).toEqual([]);
});

test("only what is asked for, and no datagram socket of a client", () => {
  const clients = { first: 32_768, last: 60_999 };
  const programs = (first: number, last: number, protocol: "tcp" | "udp"): readonly string[] =>
    withinRanges(parseSockets(SAID), [{ protocol, first, last }], clients).map(
      ({ program }) => program,
    );
  expect(programs(1, 65_535, "udp")).toEqual(["", "systemd-resolve"]);
  expect(programs(8080, 8080, "tcp")).toEqual(["nginx"]);
  expect(programs(8081, 8090, "tcp")).toEqual([]);
});

test("the kernel's sockets for VXLAN are told from others without a program", () => {
  const named = (...ports: readonly number[]): string | undefined =>
    nameVxlan(parseSockets(SAID), new Set(ports))[0]?.program;
  expect(named(4789)).toBe("the kernel's VXLAN");
  expect(named(7789)).toBe("");
});

test("name servers of a container", () => {
  expect(nameServersIn("# x\nsearch a\nnameserver 127.0.0.11\noptions ndots:0\n")).toEqual([
    "127.0.0.11",
  ]);
});
