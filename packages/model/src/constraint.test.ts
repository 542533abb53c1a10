import { expect, test } from "vitest";
import { matchesConstraint, parseConstraint } from "./constraint.ts";
import type { Node } from "./objects.ts";

const node: Node = {
  id: "abcNode",
  version: 1,
  createdAt: 0,
  updatedAt: 0,
  role: "worker",
  spec: { Labels: { zone: "A", Dc: "x" }, Role: "manager", Availability: "active" },
  status: { state: "ready", message: "", addr: "10.1.2.3" },
  description: {
    Hostname: "Host-1",
    Platform: { Architecture: "x86_64", OS: "linux" },
    Resources: {},
    Engine: { Labels: { ssd: "yes" } },
    TLSInfo: {},
  },
};

test.each([
  ["node.id==ABCNODE", true],
  ["node.id!=abcnode", false],
  ["node.hostname == host-1", true],
  ["NODE.ROLE==worker", true],
  ["node.role==manager", false],
  ["node.platform.os==LINUX", true],
  ["node.platform.arch==amd64", false],
  ["node.labels.zone==a", true],
  ["node.labels.Zone==a", false],
  ["NODE.LABELS.zone == A", true],
  ["node.labels.absent!=1", true],
  ["node.labels.absent==1", false],
  ["engine.labels.ssd==yes", true],
  ["engine.labels.ssd!=yes", false],
  ["node.ip==10.1.2.3", true],
  ["node.ip!=10.1.2.3", false],
  ["node.ip==10.1.2.0/24", true],
  ["node.ip!=10.1.3.0/24", true],
  ["node.ip==fd00::/8", false],
  ["node.ip==10.1.2.0/33", false],
  ["node.ip!=host", false],
  ["node.unknown!=x", false],
  ["node.labels.!=x", false],
])("%s is %s", (text, expected) => {
  expect(matchesConstraint(parseConstraint(text), node)).toBe(expected);
});

test("IPv6 addresses and subnets match by value", () => {
  const six: Node = { ...node, status: { ...node.status, addr: "fd00::12" } };
  for (const [text, expected] of [
    ["node.ip==fd00:0:0:0:0:0:0:12", true],
    ["node.ip==fd00::/64", true],
    ["node.ip==fd01::/64", false],
    ["node.ip!=10.0.0.0/8", true],
  ] as const)
    expect(matchesConstraint(parseConstraint(text), six), text).toBe(expected);
});

test.each([
  ["node.role", "constraint expected one operator from ==, !="],
  ["1bad==x", "key '1bad' is invalid"],
  ["a==x", "key 'a' is invalid"],
  ["node.role==a{b", "value 'a{b' is invalid"],
  ["node.role==", "value '' is invalid"],
])("%s is refused", (text, message) => {
  expect(() => parseConstraint(text)).toThrow(message);
});
