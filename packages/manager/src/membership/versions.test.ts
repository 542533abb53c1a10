// Goal: versions that follow each other get on; anything else is told which side to upgrade.
import { OLDEST_AGENT_PROTOCOL, OLDEST_MANAGER_PROTOCOL, PROTOCOL_VERSION } from "@skein/model";
import type { JoiningHost } from "@skein/model";
import { expect, test } from "vitest";
import { aCluster } from "../testing/builders.ts";
import { aStore } from "../testing/view.ts";
import { checkJoiningHost } from "./admission.ts";
import { agreeOnProtocol, checkManagerProtocol } from "./versions.ts";

const NEXT = PROTOCOL_VERSION + 1;

test("the newest protocol that both know is spoken", () => {
  const agree = (protocol: number, oldest?: number): number =>
    agreeOnProtocol("it", { protocol, ...(oldest === undefined ? {} : { oldest }) });
  expect(agree(PROTOCOL_VERSION)).toBe(PROTOCOL_VERSION);
  expect(agree(OLDEST_AGENT_PROTOCOL)).toBe(OLDEST_AGENT_PROTOCOL);
  expect(agree(NEXT, PROTOCOL_VERSION)).toBe(PROTOCOL_VERSION);
  expect(() => agree(NEXT)).toThrow("upgrade the managers first");
  expect(() => agree(OLDEST_AGENT_PROTOCOL - 1)).toThrow("upgrade Skein there");
});

test("managers refuse what is too far from them, and name the older one", () => {
  checkManagerProtocol({ protocol: NEXT, oldest: PROTOCOL_VERSION });
  checkManagerProtocol({ protocol: OLDEST_MANAGER_PROTOCOL });
  expect(() => checkManagerProtocol({ protocol: NEXT })).toThrow("upgrade the older of the two");
  expect(() => checkManagerProtocol({ protocol: OLDEST_MANAGER_PROTOCOL - 1 })).toThrow(
    "upgrade the older of the two",
  );
});

const host: JoiningHost = {
  protocol: PROTOCOL_VERSION,
  oldest: OLDEST_MANAGER_PROTOCOL,
  etcd: "3.4.23",
  advertiseAddr: "10.0.0.2:2377",
  reach: { kind: "listens", word: "w" },
};
const { etcd: _, ...withoutEtcd } = host;

/** Why it is refused, or that it is not. */
const refusalOf = (check: () => void): string => {
  try {
    check();
    return "let in";
  } catch (error) {
    return String(error);
  }
};

test.each([
  ["a manager with etcd", "manager", host, {}, "let in"],
  ["a worker without etcd", "worker", withoutEtcd, {}, "let in"],
  ["a worker of an older build, which says nothing", "worker", undefined, {}, "let in"],
  ["a manager without etcd", "manager", withoutEtcd, {}, "apt-get install etcd-server"],
  ["a manager of an older build", "manager", undefined, {}, "upgrade Skein there"],
  ["a worker that is too new", "worker", { ...host, oldest: NEXT }, {}, "the managers first"],
  ["a manager for an own store", "manager", withoutEtcd, { own: true }, "with --store-endpoints"],
  ["one with a store that nobody uses", "manager", { ...host, externalStore: true }, {}, "without"],
  [
    "a manager as the others",
    "manager",
    { ...withoutEtcd, externalStore: true },
    { own: true },
    "let in",
  ],
] as const)("who joins as %s", async (_name, role, joining, cluster, refusal) => {
  const store = await aStore();
  const external = "own" in cluster ? { externalStore: true as const } : {};
  await store.transact((tx) => tx.put("clusters", { ...aCluster(5), ...external }));
  expect(refusalOf(() => checkJoiningHost(store.view, role, joining))).toContain(refusal);
});
