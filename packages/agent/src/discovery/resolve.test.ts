// Goal: each name leads where Docker's users expect, on the networks of the client and no other.
import type { NetworkEndpoint, NetworkTable } from "@skein/model";
import { expect, test } from "vitest";
import type { QuestionType, Resolution } from "./resolve.ts";
import { liveNetwork } from "../network/tables/live-network.ts";
import { resolve } from "./resolve.ts";

const endpoint = (slot: number, more: Partial<NetworkEndpoint> = {}): NetworkEndpoint => ({
  id: `t${slot}`,
  name: `web.${slot}.t${slot}`,
  nodeId: "n1",
  addresses: [`10.0.5.${slot + 10}`, `fd00::${slot}`],
  serviceId: "web",
  slot,
  aliases: [],
  active: true,
  ...more,
});

const table = (more: Partial<NetworkTable> = {}): NetworkTable => ({
  id: "back",
  name: "back",
  vni: 4097,
  subnets: [{ subnet: "10.0.5.0/24", gateway: "10.0.5.2" }],
  internal: false,
  ingress: false,
  encrypted: false,
  peers: [],
  endpoints: [endpoint(1), endpoint(2), endpoint(3, { active: false })],
  services: [
    { id: "web", name: "Web", aliases: ["site"], vips: ["10.0.5.4", "fd00::4"] },
    { id: "rr", name: "rr", aliases: [], vips: [] },
  ],
  ...more,
});

const ask = (name: string, type: QuestionType = "A", tables = [table()]): Resolution =>
  resolve(
    tables.map((one) => liveNetwork(one)),
    { name, type },
  );

test.each([
  ["web", ["10.0.5.4"]],
  ["WEB.", ["10.0.5.4"]],
  ["site", ["10.0.5.4"]],
  ["web.back", ["10.0.5.4"]],
  ["tasks.web", ["10.0.5.11", "10.0.5.12"]],
  ["tasks.site.back", ["10.0.5.11", "10.0.5.12"]],
  ["web.1", ["10.0.5.11"]],
  ["web.1.t1", ["10.0.5.11"]],
  ["t2", ["10.0.5.12"]],
  ["rr", []],
])("%s leads to %j", (name, addresses) => {
  expect(ask(name)).toEqual({ kind: "addresses", addresses });
});

test("a replica that does not run has no address by its slot, but still by its task", () => {
  expect(ask("web.3")).toEqual({ kind: "foreign" });
  expect(ask("web.3.back")).toEqual({ kind: "unknown" });
  expect(ask("t3")).toEqual({ kind: "addresses", addresses: ["10.0.5.13"] });
});

test("both families are answered; other types of a known name are empty", () => {
  expect(ask("web", "AAAA")).toEqual({ kind: "addresses", addresses: ["fd00::4"] });
  expect(ask("web", "other")).toEqual({ kind: "addresses", addresses: [] });
});

test("unknown names of the cluster are refused, others are somebody else's", () => {
  expect(ask("nothing")).toEqual({ kind: "unknown" });
  expect(ask("tasks.nothing")).toEqual({ kind: "unknown" });
  expect(ask("nothing.back")).toEqual({ kind: "unknown" });
  expect(ask("example.com")).toEqual({ kind: "foreign" });
  expect(ask("host.docker.internal")).toEqual({ kind: "foreign" });
});

test("a name of another network does not resolve; of two networks both answer", () => {
  const front = table({ id: "front", name: "front", endpoints: [], services: [] });
  expect(ask("web", "A", [front])).toEqual({ kind: "unknown" });
  const other = table({
    name: "front",
    services: [{ id: "web", name: "web", aliases: [], vips: ["10.0.6.4"] }],
  });
  expect(ask("web", "A", [table(), other])).toEqual({
    kind: "addresses",
    addresses: ["10.0.5.4", "10.0.6.4"],
  });
});

test("addresses have names", () => {
  expect(ask("11.5.0.10.in-addr.arpa", "PTR")).toEqual({ kind: "name", name: "web.1.t1.back" });
  const six = `${"1.0.0.0".concat(".0".repeat(24))}.0.0.d.f.ip6.arpa`;
  expect(ask(six, "PTR")).toEqual({ kind: "name", name: "web.1.t1.back" });
  expect(ask("8.8.8.8.in-addr.arpa", "PTR")).toEqual({ kind: "foreign" });
});
