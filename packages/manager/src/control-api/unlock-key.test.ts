// Goal: the unlock key comes with autolock, changes when asked for, and goes with it.
// Method: updates of the cluster object on a store with the real pipeline.
import { seededRandom } from "@skein/base";
import { expect, test } from "vitest";
import { theCluster } from "../membership/admission.ts";
import { TestCluster } from "../testing/test-cluster.ts";
import { toClusterInfo } from "../present/cluster.ts";
import { updateCluster } from "./cluster.ts";

interface Rig {
  readonly update: (autolock: boolean, rotate?: boolean, version?: number) => Promise<void>;
  readonly cluster: TestCluster;
}

const rig = async (): Promise<Rig> => {
  const cluster = await TestCluster.open({});
  const random = seededRandom(1);
  let made = 0;
  const newKey = (): string => `key${(made += 1)}`;
  const update: Rig["update"] = async (
    AutoLockManagers,
    rotateManagerUnlockKey = false,
    version,
  ) => {
    const now = theCluster(cluster.view);
    const input = {
      version: version ?? now.version,
      spec: { ...now.spec, EncryptionConfig: { AutoLockManagers } },
      rootCa: now.rootCa,
      flags: { rotateWorkerToken: false, rotateManagerToken: false, rotateManagerUnlockKey },
    };
    await cluster.edit((tx) => {
      updateCluster(tx, random, input, newKey);
    });
  };
  return { update, cluster };
};

test("the key comes with autolock, stays, is rotated, and goes", async () => {
  const { update, cluster } = await rig();
  const key = (): string => theCluster(cluster.view).unlockKey;
  await update(false, true);
  expect(key()).toBe("");
  await update(true);
  expect(key()).toBe("key1");
  await update(true);
  expect(key()).toBe("key1");
  await update(true, true);
  expect(key()).toBe("key2");
  await update(false, true);
  expect(key()).toBe("");
  await update(true, true);
  expect(key()).toBe("key3");
});

test("an update of an older version rotates nothing", async () => {
  const { update, cluster } = await rig();
  await update(true);
  await expect(update(true, true, 1)).rejects.toThrow("update out of sequence");
  expect(theCluster(cluster.view).unlockKey).toBe("key1");
});

test("what people see of the cluster does not hold the key", async () => {
  const { update, cluster } = await rig();
  await update(true);
  const shown = toClusterInfo(theCluster(cluster.view));
  expect(shown.Spec.EncryptionConfig.AutoLockManagers).toBe(true);
  expect(JSON.stringify(shown)).not.toContain("key1");
});
