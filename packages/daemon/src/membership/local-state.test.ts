import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import type { LocalState } from "./local-state.ts";
import {
  checkBelongs,
  finishLeaving,
  readLocalState,
  removeLocalState,
  setAsideRemains,
  writeLocalState,
} from "./local-state.ts";

const local: LocalState = {
  format: 1,
  nodeId: "n1",
  clusterId: "c1",
  role: "manager",
  listenAddr: "0.0.0.0:2377",
  advertiseAddr: "10.0.0.1:2377",
  dataPathAddr: "10.0.0.1",
  remotes: [],
};

let dataDir: string;
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "skein-local-state-"));
  await writeLocalState(dataDir, local);
  mkdirSync(join(dataDir, "state"));
  writeFileSync(join(dataDir, "state", "data.mdb"), "the cluster");
  writeFileSync(join(dataDir, "manager.key"), "key");
});

test("a membership comes back; one that can't be read is an error and stays as it is", async () => {
  expect(await readLocalState(dataDir)).toEqual(local);
  const file = join(dataDir, "membership.json");
  for (const text of ["", '{"format": 1, "no', "[]", '{"format":2}']) {
    writeFileSync(file, text);
    await expect(readLocalState(dataDir)).rejects.toThrow(`"${file}" can't be read`);
    expect(readFileSync(file, "utf8")).toBe(text);
  }
});

test("leaving removes everything, also when it was interrupted", async () => {
  await removeLocalState(dataDir);
  expect(readdirSync(dataDir)).toEqual([]);
  writeFileSync(join(dataDir, "leaving"), "");
  writeFileSync(join(dataDir, "manager.key"), "key");
  await finishLeaving(dataDir);
  expect(readdirSync(dataDir)).toEqual([]);
});

test("nothing is finished that was not begun", async () => {
  await finishLeaving(dataDir);
  expect(await readLocalState(dataDir)).toEqual(local);
});

test("state without a membership is set aside, not removed", async () => {
  const aside = (await setAsideRemains(dataDir, 5)) ?? "";
  expect(readFileSync(join(aside, "state", "data.mdb"), "utf8")).toBe("the cluster");
  expect(existsSync(join(dataDir, "state"))).toBe(false);
  expect(await setAsideRemains(dataDir, 6)).toBeUndefined();
});

test("a certificate of another cluster or node is not of this membership", () => {
  const identity = { nodeId: local.nodeId, clusterId: local.clusterId };
  expect(() => checkBelongs(local, identity, "/data")).not.toThrow();
  expect(() => checkBelongs(local, { ...identity, clusterId: "other" }, "/data")).toThrow(
    "put back the data directory that belongs together",
  );
  expect(() => checkBelongs(local, { ...identity, nodeId: "other" }, "/data")).toThrow(
    "node other",
  );
});
