// Goal: a port on which a program of some host waits is refused with the program's name, and only then.
// Method: the real store with small states; what nodes answered is given.
import { newVirtualClock } from "@skein/base";
import type { HostListener } from "@skein/model";
import { newMemoryDisk, openMemoryLog, Store } from "@skein/store";
import type { PortConfig, ServiceSpec } from "@skein/wire";
import { expect, test } from "vitest";
import { aNetwork, aNode, aSpec } from "../testing/builders.ts";
import { heldPorts, newPorts, rangesOf, refuseHeldPorts } from "./held-ports.ts";

const listener = (more: Partial<HostListener> = {}): HostListener => ({
  protocol: "tcp",
  port: 8080,
  address: "*",
  program: "nginx",
  pid: 12,
  ...more,
});

const port = (more: Partial<PortConfig> = {}): PortConfig => ({
  Protocol: "tcp",
  TargetPort: 80,
  PublishedPort: 8080,
  PublishMode: "ingress",
  ...more,
});

const specWith = (
  ports: readonly PortConfig[],
  more: Parameters<typeof aSpec>[0] = {},
): ServiceSpec => aSpec({ ...more, endpoint: { Ports: [...ports] } });

/** What is said of the spec when n1 has these listeners, and n2 none. */
const said = async (
  spec: ServiceSpec,
  listeners: readonly HostListener[],
  others: readonly HostListener[] = [],
): Promise<string> => {
  const log = openMemoryLog(newMemoryDisk());
  const store = await Store.open(log, newVirtualClock());
  store.lead(await log.campaign("m", new AbortController().signal), {
    plan: () => {},
    reset: () => {},
    failed: () => {},
  });
  await store.transact((tx) => {
    tx.put("networks", aNetwork("ingress", "10.0.0.0/24", true));
    for (const id of ["n1", "n2"]) tx.put("nodes", aNode(id));
  });
  const answers = new Map([
    ["n1", { listeners, addresses: ["127.0.0.1", "192.0.2.1"] }],
    ["n2", { listeners: others, addresses: ["127.0.0.1", "192.0.2.2"] }],
  ]);
  try {
    refuseHeldPorts(store.view, spec, { ports: newPorts(spec, undefined), answers });
    return "accepted";
  } catch (error) {
    return error instanceof Error ? error.message : "?";
  }
};

const REFUSED =
  `port '8080' is already in use by program "nginx" (pid 12) on node n1: ` +
  "stop it, or publish another port";

test("a program on any node refuses a port of the mesh, by name", async () => {
  const spec = specWith([port()]);
  expect(await said(spec, [listener()])).toBe(REFUSED);
  // The mesh answers on 127.0.0.1, too, and would take these connections.
  expect(await said(spec, [listener({ address: "127.0.0.1" })])).toBe(REFUSED);
  expect(await said(spec, [listener({ program: "", pid: 0 })])).toContain("another program");
});

test("what the mesh does not take from the program is no reason", async () => {
  const spec = specWith([port()]);
  expect(await said(spec, [])).toBe("accepted");
  expect(await said(spec, [listener({ port: 8081 })])).toBe("accepted");
  expect(await said(spec, [listener({ protocol: "udp" })])).toBe("accepted");
  // The ingress network has no IPv6.
  expect(await said(spec, [listener({ address: "::" })])).toBe("accepted");
});

test("a service on chosen addresses only clashes there", async () => {
  const at = (addresses: string): ServiceSpec =>
    specWith([port()], { labels: { "skein.publish.addresses": addresses } });
  expect(await said(at("192.0.2.1"), [listener()])).toBe(REFUSED);
  expect(await said(at("192.0.2.2"), [listener()])).toBe("accepted");
  expect(await said(at("192.0.2.1"), [listener({ address: "127.0.0.1" })])).toBe("accepted");
  expect(await said(at("192.0.2.1"), [listener({ address: "192.0.2.1" })])).toBe(REFUSED);
});

test("a port in host mode is refused where no task could have it", async () => {
  const host = [port({ PublishMode: "host" })];
  expect(await said(specWith(host), [listener()])).toBe("accepted");
  expect(await said(specWith(host), [listener()], [listener()])).toBe(REFUSED);
  expect(await said(specWith(host, { mode: { Global: {} } }), [listener()])).toBe(REFUSED);
  const elsewhere = { mode: { Global: {} }, constraints: ["node.hostname==n2"] };
  expect(await said(specWith(host, elsewhere), [listener()])).toBe("accepted");
});

test("only ports that are new are asked for; given out are others", () => {
  const spec = specWith([port(), port({ PublishedPort: 9090 }), port({ PublishedPort: 0 })]);
  const { Labels } = spec;
  const former = {
    spec: { ...spec, Labels },
    endpoint: { Spec: {}, Ports: [port()] },
  } as unknown as Parameters<typeof newPorts>[1];
  const ports = newPorts(spec, former);
  expect(rangesOf(ports)).toEqual([
    { protocol: "tcp", first: 9090, last: 9090 },
    { protocol: "tcp", first: 30_000, last: 32_767 },
  ]);
  const answers = new Map([["n1", { listeners: [listener({ port: 30_000 })], addresses: [] }]]);
  expect([...heldPorts(answers)]).toEqual(["tcp/30000"]);
});
