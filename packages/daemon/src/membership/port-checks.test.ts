// Goal: a node does not become a member by halves: who holds its ports is named before anything is made.
import type { Diagnostics } from "@skein/agent";
import { silentLogger } from "@skein/base";
import type { HostListener } from "@skein/model";
import { KERNEL_VXLAN } from "@skein/model";
import { expect, test } from "vitest";
import { isInTheWay, refuseHeldPorts } from "./port-checks.ts";

const by = (
  protocol: "tcp" | "udp",
  port: number,
  more: Partial<HostListener> = {},
): HostListener => ({
  protocol,
  port,
  address: "0.0.0.0",
  program: "nc",
  pid: 12,
  ...more,
});

const host = (listeners: readonly HostListener[] | Error): Diagnostics => ({
  listeners: (ranges) =>
    listeners instanceof Error
      ? Promise.reject(listeners)
      : Promise.resolve(
          listeners.filter(({ protocol, port }) =>
            ranges.some((range) => range.protocol === protocol && range.first === port),
          ),
        ),
  addresses: () => Promise.resolve([]),
  inside: () => Promise.reject(new Error("not asked")),
  probe: () => Promise.reject(new Error("not asked")),
});

const listen = { host: "0.0.0.0", port: 2377 };
const check = (listeners: readonly HostListener[] | Error): Promise<void> =>
  refuseHeldPorts(host(listeners), { listen, dataPathPort: 4789 }, silentLogger);

test("who holds the ports is named", async () => {
  await expect(check([])).resolves.toBeUndefined();
  await expect(check([by("tcp", 2377)])).rejects.toThrow(
    'port 2377/tcp, for calls between nodes, is in use by program "nc" (pid 12): stop it, or choose another one with --listen-addr',
  );
  await expect(check([by("udp", 4789)])).rejects.toThrow(
    'port 4789/udp, for traffic between containers (VXLAN), is in use by program "nc" (pid 12)',
  );
});

test("a program of another process namespace has no name, but is in the way", async () => {
  await expect(check([by("udp", 4789, { program: "", pid: 0 })])).rejects.toThrow(
    "is in use by another program",
  );
});

test("the kernel's VXLAN, and what is not known, are no reasons", async () => {
  await expect(
    check([by("udp", 4789, { program: KERNEL_VXLAN, pid: 0 })]),
  ).resolves.toBeUndefined();
  await expect(check(new Error("ss is not installed"))).resolves.toBeUndefined();
  // A worker listens nowhere.
  await expect(
    refuseHeldPorts(host([by("tcp", 2377)]), { dataPathPort: 4789 }, silentLogger),
  ).resolves.toBeUndefined();
});

test("other addresses are not in the way", () => {
  const at = (address: string): HostListener => by("tcp", 2377, { address });
  expect(isInTheWay(at("192.0.2.1"), "192.0.2.2")).toBe(false);
  expect(isInTheWay(at("192.0.2.1"), "0.0.0.0")).toBe(true);
  expect(isInTheWay(at("0.0.0.0"), "192.0.2.2")).toBe(true);
  expect(isInTheWay(at("::"), "192.0.2.2")).toBe(false);
  expect(isInTheWay(at("*"), "192.0.2.2")).toBe(true);
  expect(isInTheWay(at("::1"), "::")).toBe(true);
});
