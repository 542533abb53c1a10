// Goal: --force-new-cluster changes addresses and nothing else, and only where there is a state to go on from.
// Method: requests as the stock CLI sends them.
import { describe, expect, test } from "vitest";
import { decodeSwarmInitRequest } from "@skein/wire";
import type { SwarmInitRequest } from "@skein/wire";
import { checkForced, forcedAddresses, standingOf } from "./forcing.ts";
import type { LocalState } from "./local-state.ts";

const request = (more: object = {}): SwarmInitRequest =>
  decodeSwarmInitRequest(
    JSON.stringify({ ListenAddr: "0.0.0.0:2377", ForceNewCluster: true, SubnetSize: 24, ...more }),
  );

const local: LocalState = {
  format: 1,
  nodeId: "n",
  clusterId: "c",
  role: "manager",
  listenAddr: "10.0.0.1:2400",
  advertiseAddr: "10.0.0.1:2400",
  dataPathAddr: "10.0.0.1",
  remotes: [],
};

test("what the stock CLI sends of itself is no setting", () => {
  const usual = request({ Spec: { Labels: {} }, Availability: "active", DefaultAddrPool: null });
  expect(() => checkForced(usual)).not.toThrow();
});

test.each([
  { AutoLockManagers: true },
  { Spec: { CAConfig: { NodeCertExpiry: 3_600_000_000_000 } } },
  { Spec: { Labels: { a: "b" } } },
  { DefaultAddrPool: ["10.1.0.0/16"] },
  { DataPathPort: 7777 },
])("settings are refused: %j", (setting) => {
  expect(() => checkForced(request(setting))).toThrow("keeps the settings that the cluster has");
});

describe("addresses", () => {
  test("stay when nothing is said", () => {
    expect(forcedAddresses(request(), local, {})).toEqual({
      listenAddr: "10.0.0.1:2400",
      advertiseAddr: "10.0.0.1:2400",
      dataPathAddr: "10.0.0.1",
    });
  });

  test("a new one to advertise is also that of the data path, if that was the same", () => {
    const asked = request({ AdvertiseAddr: "10.0.0.9" });
    expect(forcedAddresses(asked, local, {})).toEqual({
      listenAddr: "10.0.0.1:2400",
      advertiseAddr: "10.0.0.9:2400",
      dataPathAddr: "10.0.0.9",
    });
    expect(forcedAddresses(asked, { ...local, dataPathAddr: "10.5.0.1" }, {}).dataPathAddr).toBe(
      "10.5.0.1",
    );
  });
});

describe("who can go on alone", () => {
  const error = (parts: Partial<LocalState>) =>
    ({ kind: "error", local: { ...local, ...parts }, message: "broken" }) as const;

  test("not a worker", async () => {
    await expect(standingOf(error({ role: "worker" }), "/nowhere")).rejects.toThrow(
      "Worker nodes can't be used",
    );
  });

  test("not a locked manager", async () => {
    const locked = { kind: "locked", local, agent: undefined as never } as const;
    await expect(standingOf(locked, "/nowhere")).rejects.toThrow("needs to be unlocked");
  });

  test("not a manager whose state is elsewhere, or that has none yet", async () => {
    const at = (state: "external" | "joining") => {
      const member = { standing: () => ({ local: { ...local, state } }) };
      return standingOf({ kind: "active", active: member as never }, "/nowhere");
    };
    await expect(at("external")).rejects.toThrow("in the etcd of --store-endpoints");
    await expect(at("joining")).rejects.toThrow("has no place among the others");
  });

  test("not a node that does not know what it is", async () => {
    const state = { kind: "error", local: undefined, message: "the file is damaged" } as const;
    await expect(standingOf(state, "/nowhere")).rejects.toThrow("the file is damaged");
  });
});
