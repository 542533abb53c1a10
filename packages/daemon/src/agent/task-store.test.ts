import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@skein/base";
import { systemRandom } from "@skein/platform";
import { beforeEach, expect, test } from "vitest";
import type { AgentStores } from "./task-store.ts";
import { openAgentStores } from "./task-store.ts";

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "skein-agent-state-"));
});

const open = (): Promise<AgentStores> =>
  openAgentStores(dataDir, { random: systemRandom, logger: silentLogger });

const managers = [{ nodeId: "m1", addr: "10.0.0.1:2377" }];

const filled = async (): Promise<void> => {
  const stores = await open();
  await stores.remotes.save(managers);
  await stores.close();
};

test("what was saved is there after a restart", async () => {
  await filled();
  const stores = await open();
  expect(await stores.remotes.load()).toEqual(managers);
  await stores.close();
});

test.each([
  ["a damaged key", (agent: string) => writeFileSync(join(agent, "agent.key"), "{")],
  ["a lost key", (agent: string) => rmSync(join(agent, "agent.key"))],
  [
    "another file",
    (agent: string) => writeFileSync(join(agent, "state/data.mdb"), "x".repeat(9e4)),
  ],
  ["a file cut short", (agent: string) => truncateSync(join(agent, "state/data.mdb"), 20_000)],
])("%s is set aside, and the agent begins anew", async (_name, damage) => {
  await filled();
  damage(join(dataDir, "agent"));
  const stores = await open();
  expect(await stores.remotes.load()).toEqual([]);
  await stores.remotes.save(managers);
  await stores.close();
  expect(readdirSync(dataDir).toSorted()).toEqual(["agent", "agent.damaged"]);
  const again = await open();
  expect(await again.remotes.load()).toEqual(managers);
  await again.close();
});

test("state that is in use is no damage", async () => {
  const stores = await open();
  await expect(open()).rejects.toMatchObject({ kind: "conflict" });
  expect(readdirSync(dataDir)).toEqual(["agent"]);
  await stores.close();
});
