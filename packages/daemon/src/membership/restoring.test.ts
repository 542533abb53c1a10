// Goal: what a backup makes of a node: a manager that nobody has seen before, of the cluster in the file.
import { newId } from "@skein/base";
import type { NewCluster } from "@skein/manager";
import { systemClock, systemRandom, writeBackup } from "@skein/platform";
import { decodeSwarmInitRequest } from "@skein/wire";
import { beforeAll, expect, test } from "vitest";
import { newCluster } from "./new-cluster.ts";
import { restoredCluster } from "./restoring.ts";

const shell = { clock: systemClock, random: systemRandom };
let made: NewCluster;

beforeAll(async () => {
  const request = decodeSwarmInitRequest('{"ListenAddr":"0.0.0.0:2377"}');
  ({ bootstrap: made } = await newCluster(request, "10.0.0.1:2377", shell));
});

const backupOf = async (parts: object): Promise<string> => {
  const { firstNode: _, newId: __, ...cluster } = made;
  const records = [
    { key: `clusters/${made.id}`, value: { ...cluster, revoked: {}, ...parts } },
    { key: "services/s", value: { id: "s" } },
  ];
  const about = { clusterId: made.id, now: 0, protector: { protection: "none" } } as const;
  let text = "";
  for await (const line of writeBackup({ index: 7, records }, about)) text += line;
  return text;
};

const restored = async (parts: object = {}) =>
  restoredCluster(
    {
      Backup: await backupOf(parts),
      Secret: "",
      ListenAddr: "0.0.0.0:2377",
      AdvertiseAddr: "10.0.0.9",
      DataPathAddr: "",
    },
    shell,
  );

test("a new node is the manager of the old cluster", async () => {
  const { beginning, dataPathPort } = await restored({ externalStore: true });
  const { local, credentials, restore, alone } = beginning;
  expect(local).toMatchObject({
    clusterId: made.id,
    role: "manager",
    advertiseAddr: "10.0.0.9:2377",
    dataPathAddr: "10.0.0.9",
  });
  expect(local).not.toHaveProperty("state");
  expect(local.nodeId).not.toBe(made.firstNode.id);
  expect(local.nodeId).toHaveLength(newId(systemRandom).length);
  expect(credentials.identity).toEqual({
    nodeId: local.nodeId,
    role: "manager",
    clusterId: made.id,
  });
  expect(credentials.rootPem.trim()).toBe(made.rootCa.certificate.trim());
  expect({ alone, dataPathPort, index: restore?.index }).toEqual({
    alone: true,
    dataPathPort: 4789,
    index: 7,
  });
  expect(restore?.records[0]?.value).not.toHaveProperty("externalStore");
  expect(restore?.records[1]).toEqual({ key: "services/s", value: { id: "s" } });
});

test("without the root's key nobody could sign its certificate", async () => {
  const rootCa = { ...made.rootCa, key: "" };
  await expect(restored({ rootCa })).rejects.toThrow("an external CA has it");
});
