// Goal: what was found becomes a check that says how bad it is and what to do.
import { expect, test } from "vitest";
import { KERNEL_VXLAN } from "@skein/model";
import type { Check } from "@skein/wire";
import {
  certificateChecks,
  clockChecks,
  clusterChecks,
  diskChecks,
  engineChecks,
  kernelChecks,
  portChecks,
} from "./host-checks.ts";
import type { NetworkHealth } from "./network-checks.ts";
import { networkChecks } from "./network-checks.ts";

const states = (checks: readonly Check[]): readonly string[] =>
  checks.map(({ Name, Status }) => `${Name}: ${Status}`);

/** What is not well says what to do; what is well does not. */
const hasAdvice = (checks: readonly Check[]): boolean =>
  checks.every(({ Status, Advice }) => (Status === "ok") === (Advice === ""));

const health = (more: Partial<NetworkHealth> = {}): NetworkHealth => ({
  networks: ["ingress", "back"],
  differences: [],
  repaired: true,
  lostInEngine: [],
  silentGateways: [],
  warnings: [],
  counters: { audits: 3, failed: 0, found: { forwarding: 2 }, repaired: 2, lastAt: 10_000 },
  ...more,
});

test("a healthy network: everything ok, and the counters are shown", () => {
  const checks = networkChecks(health(), 14_000);
  expect(new Set(checks.map(({ Status }) => Status))).toEqual(new Set(["ok"]));
  expect(checks.at(-1)?.Finding).toBe(
    "3 audits since the daemon started, the last one 4 s ago; found forwarding 2, repaired 2",
  );
});

test("differences are a warning when they are repaired, else a problem", () => {
  const differences = [{ kind: "vxlans", what: "skx-1", how: "missing" } as const];
  const repaired = networkChecks(health({ differences }), 14_000);
  expect(states(repaired)).toContain("kernel: warning");
  expect(repaired[1]?.Finding).toBe("1 difference found and repaired: vxlans skx-1: missing");
  const told = networkChecks(health({ differences, repaired: false }), 14_000);
  expect(states(told)).toContain("kernel: problem");
  expect(hasAdvice([...repaired, ...told])).toBe(true);
});

test("what is missing in the engine, names, firewalls and failures", () => {
  const checks = networkChecks(
    health({
      failure: "nft: busy",
      refused: "back: its addresses are in use",
      lostInEngine: ["back"],
      silentGateways: ["10.0.1.2"],
      warnings: ["ufw drops"],
    }),
    14_000,
  );
  expect(states(checks)).toEqual([
    "networks: problem",
    "kernel: problem",
    "engine networks: problem",
    "names: problem",
    "firewall: warning",
    "audits: ok",
  ]);
  expect(hasAdvice(checks)).toBe(true);
});

test("a node without networks", () => {
  expect(states(networkChecks(undefined, 0))).toEqual(["networks: ok"]);
});

test("engine, kernel and membership", () => {
  expect(states(engineChecks({ version: "20.10", tookMs: 3 }))).toEqual(["engine: ok"]);
  expect(states(engineChecks({ failure: "not there" }))).toEqual(["engine: problem"]);
  expect(states(kernelChecks([]))).toEqual(["kernel: ok"]);
  expect(kernelChecks(['the program "nft" is not installed'])[0]?.Finding).toContain("nft");
  expect(states(clusterChecks({ state: "inactive" }))).toEqual(["membership: ok"]);
  expect(states(clusterChecks({ state: "error", message: "x" }))).toEqual(["membership: problem"]);
  expect(states(clusterChecks({ state: "active", connected: true }))).toEqual(["session: ok"]);
  expect(states(clusterChecks({ state: "active", connected: false }))).toEqual([
    "session: problem",
  ]);
});

test("disks", () => {
  const GIB = 1024 ** 3;
  const status = (freeBytes: number, failure?: string): string | undefined =>
    diskChecks({
      path: "/var/lib/skein",
      freeBytes,
      sizeBytes: 100 * GIB,
      ...(failure === undefined ? {} : { failure }),
    })[0]?.Status;
  expect(status(10 * GIB)).toBe("ok");
  expect(status(GIB / 2)).toBe("warning");
  expect(status(GIB / 20)).toBe("problem");
  expect(status(10 * GIB, "read-only file system")).toBe("problem");
});

test("certificates and clocks", () => {
  const life = { validFrom: 0, validTo: 100 * 86_400_000 };
  const at = (day: number): string | undefined =>
    certificateChecks(life, day * 86_400_000)[0]?.Status;
  expect([at(-1), at(0), at(50), at(90), at(101)]).toEqual([
    "problem",
    "ok",
    "ok",
    "warning",
    "problem",
  ]);
  const off = (ms: number | undefined): string | undefined => clockChecks(ms)[0]?.Status;
  expect([off(undefined), off(-100), off(-6000), off(61_000)]).toEqual([
    "ok",
    "ok",
    "warning",
    "problem",
  ]);
});

test("ports of this node", () => {
  const ours = { protocol: "tcp", port: 2377, purpose: "calls", ours: true } as const;
  const free = { protocol: "udp", port: 4789, purpose: "VXLAN", ours: false } as const;
  const by = (protocol: "tcp" | "udp", port: number, pid: number) =>
    ({ protocol, port, address: "*", program: pid === 0 ? KERNEL_VXLAN : "nc", pid }) as const;
  const status = (...listeners: readonly ReturnType<typeof by>[]): readonly string[] =>
    portChecks([ours, free], listeners, 7).map(({ Status }) => Status);
  // The kernel's own socket of VXLAN is as it should be.
  expect(status(by("tcp", 2377, 7), by("udp", 4789, 0))).toEqual(["ok", "ok"]);
  expect(status()).toEqual(["problem", "ok"]);
  expect(status(by("tcp", 2377, 8), by("udp", 4789, 9))).toEqual(["problem", "problem"]);
});
