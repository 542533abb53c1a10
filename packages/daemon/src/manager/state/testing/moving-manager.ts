// A manager whose state moves from lmdb to etcd while it is written to, in a process of its own that can
// be killed: `moving-manager.ts DATA-DIRECTORY [HOLD]`. Says what it does, one line each, and stands still
// when it comes to HOLD.
import { systemClock } from "@skein/platform";
import { Store } from "@skein/store";
import { writeLocalState } from "../../../membership/local-state.ts";
import { StateHome } from "../state-home.ts";
import { homeOptions, localState, planner } from "./test-home.ts";

const OBJECTS = 2000;

const [dataDir = "", hold = ""] = process.argv.slice(2);

const say = async (line: string): Promise<void> => {
  process.stdout.write(`${line}\n`);
  if (line !== hold) return;
  await new Promise(() => {
    setInterval(() => {}, 1000); // keeps the process
  });
};

const config = (id: string) => ({ id, spec: { Name: id, Labels: {}, Data: "" } });

const home = await StateHome.alone(
  homeOptions(dataDir, async (kind) => {
    await say("settling");
    await writeLocalState(dataDir, { ...localState, state: kind });
    await say("settled");
  }),
);
await writeLocalState(dataDir, localState);
const store = await Store.open(home.log, systemClock);
store.lead(await home.log.campaign("m1", new AbortController().signal), planner);
await store.transact((tx) => {
  for (let n = 0; n < OBJECTS; n += 1) tx.put("configs", config(`first${n}`));
});

const write = async (): Promise<void> => {
  for (let n = 0; ; n += 1) {
    await store.transact((tx) => tx.put("configs", config(`c${n}`)));
    await say(`acknowledged c${n}`);
  }
};

void write();
await say("moving");
await home.add("m2", "10.99.0.2:2377");
await say("moved");
