import { expect, test } from "vitest";
import { engineOf, newHarness } from "../testing/harness.ts";
import { newMemoryCluster } from "../testing/memory-backend.ts";
import { aSwarm } from "../testing/objects.ts";

const newCluster = () => {
  const cluster = newMemoryCluster(aSwarm);
  return { cluster, ...newHarness(cluster, engineOf("1.41")) };
};

test("a backup is the lines as they come", async () => {
  const { ask, cluster } = newCluster();
  const answer = await ask("POST", "/skein/v1/backup", {
    body: JSON.stringify({ Passphrase: "secret" }),
  });
  expect(answer).toMatchObject({ status: 200, text: "a backup\nprotected by 6 letters\n" });
  expect(cluster.calls).toEqual([{ name: "backup.make", input: { passphrase: "secret" } }]);
});

test("a backup is restored under the addresses of the request", async () => {
  const { ask, cluster } = newCluster();
  const request = {
    Backup: "a backup\n",
    Secret: "secret",
    ListenAddr: "0.0.0.0:2377",
    AdvertiseAddr: "10.0.0.1",
    DataPathAddr: "",
  };
  expect(await ask("POST", "/skein/v1/restore", { body: JSON.stringify(request) })).toMatchObject({
    status: 200,
    json: "restored",
  });
  expect(cluster.calls).toEqual([{ name: "backup.restore", input: { request } }]);
});
