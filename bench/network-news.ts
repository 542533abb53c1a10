// What a task's change costs the leader when its network is large: processor time, and bytes to each node.
import type { DownMessage, NetworkNews } from "@skein/model";
import { encode } from "@skein/platform";
import { decodeNetworkCreateRequest } from "@skein/wire";
import type { BenchManager } from "./bench-cluster.ts";
import { fillNodes, memoryLog, startManager, webService } from "./bench-cluster.ts";
import type { Row } from "./table.ts";
import { milliseconds } from "./table.ts";

const NODES = 50;
const TASKS_PER_SERVICE = 5;
const CHANGES = 200;

/** Messages of networks that were sent, with how many nodes got each. */
class Sent {
  readonly messages = new Map<NetworkNews, number>();

  take(message: DownMessage): void {
    if (message.type === "networks")
      this.messages.set(message, (this.messages.get(message) ?? 0) + 1);
  }

  /** Encodes each message once, as the daemon does. Returns how many bytes each node gets. */
  encode(): number {
    let bytes = 0;
    for (const [message, nodes] of this.messages)
      bytes += (encode(message).frame.length * nodes) / NODES;
    this.messages.clear();
    return bytes;
  }
}

const connect = async ({ leader, store }: BenchManager, sent: Sent): Promise<void> => {
  for (let node = 0; node < NODES; node += 1) {
    const nodeId = `node-${node}`;
    const description = store.view.get("nodes", nodeId)?.description;
    if (!description) throw new Error(`no ${nodeId}`);
    leader.dispatcher
      .connect(
        { nodeId, address: `192.0.2.${node}` },
        { send: (m) => sent.take(m), close: () => {} },
      )
      .receive({ type: "hello", protocol: 1, addr: "", description });
  }
  while (sent.messages.size < NODES) await store.barrier();
};

const setRunning = (manager: BenchManager, taskId: string, runs: boolean): Promise<void> =>
  manager.store.transact((tx) => {
    const task = tx.get("tasks", taskId);
    if (!task) throw new Error("no task");
    const state = runs ? "running" : "starting";
    tx.put("tasks", { ...task, status: { ...task.status, state } });
  });

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const measure = async (services: number): Promise<readonly Row[]> => {
  const manager = await startManager(await memoryLog());
  await fillNodes(manager, NODES);
  const sent = new Sent();
  await connect(manager, sent);
  await manager.control.networks.create({
    request: decodeNetworkCreateRequest(
      '{"Name":"bench","Driver":"overlay","Scope":"swarm","IPAM":{"Config":[{"Subnet":"10.64.0.0/14"}]}}',
    ),
  });
  const networks = [{ Target: "bench" }];
  for (let n = 0; n < services; n += 1) {
    const spec = webService(`web-${n}`, TASKS_PER_SERVICE);
    const TaskTemplate = { ...spec.TaskTemplate, Networks: networks };
    await manager.control.services.create({ spec: { ...spec, TaskTemplate }, registryAuth: "" });
  }
  sent.messages.clear();
  const [taskId = ""] = manager.store.view.all("tasks").keys();
  const before = cpuMs();
  let bytes = 0;
  for (let change = 0; change < CHANGES; change += 1) {
    await setRunning(manager, taskId, change % 2 === 0);
    bytes += sent.encode();
  }
  const cpu = (cpuMs() - before) / CHANGES;
  await connect(manager, sent);
  const [whole] = sent.messages.keys();
  const start = cpuMs();
  const wholeBytes = encode(whole).frame.length;
  const encoding = cpuMs() - start;
  await manager.stop();
  const what = `leader, ${services} services, ${services * TASKS_PER_SERVICE} tasks, ${NODES} nodes`;
  return [
    { what: `${what}: one task's change, all of it`, skein: milliseconds(cpu), peer: "" },
    { what: `${what}: bytes to each node`, skein: String(Math.round(bytes / CHANGES)), peer: "" },
    { what: `${what}: bytes of the whole table`, skein: String(wholeBytes), peer: "" },
    { what: `${what}: encoding it, for each node`, skein: milliseconds(encoding), peer: "" },
  ];
};

/** A row of processor time and one of bytes for each size. */
export const leaderRows = async (sizes: readonly number[]): Promise<readonly Row[]> => {
  const rows: Row[] = [];
  for (const size of sizes) rows.push(...(await measure(size)));
  return rows;
};
