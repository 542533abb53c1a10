// How much a connected node costs a manager: handshakes, memory, heartbeats, pushed assignments.
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connectRpc, createRootAuthority, issueOwnCredentials, newSigner } from "@skein/platform";
import type { Credentials, NodeRole, RpcConnection, RpcStream } from "@skein/platform";
import type { Row } from "./table.ts";

const AGENTS = 200;
/** Agents that connect at the same time. */
const CONNECTING = 20;
const ROUNDS = 50;
const TASKS_PER_MESSAGE = 20;
const HEARTBEATS = 20;

interface Usage {
  readonly cpuMs: number;
  readonly rss: number;
}

interface Agent {
  readonly connection: RpcConnection;
  readonly stream: RpcStream;
}

const perSecond = (count: number, ms: number): string => `${Math.round((count / ms) * 1_000)}/s`;
const microseconds = (ms: number): string => `${Math.round(ms * 1_000)} us`;

const newCredentials = async (): Promise<
  (nodeId: string, role: NodeRole) => Promise<Credentials>
> => {
  const now = Date.now();
  const root = await createRootAuthority(now);
  const signer = await newSigner(root);
  return (nodeId, role) =>
    issueOwnCredentials(signer, root.certificate, {
      identity: { nodeId, role, clusterId: "bench" },
      now,
      lifetimeMs: 3_600_000,
    });
};

const startServer = async (
  credentials: Credentials,
): Promise<{ readonly child: ChildProcess; readonly address: string }> => {
  const child = fork(new URL("rpc-server.ts", import.meta.url), {
    execArgv: ["--expose-gc", "--conditions=source", "--import=tsx"],
  });
  child.send(credentials);
  const [port]: unknown[] = await once(child, "message");
  return { child, address: `127.0.0.1:${String(port)}` };
};

const connectAgents = async (
  address: string,
  credentials: Credentials,
  count: number,
): Promise<Agent[]> => {
  const agents: Agent[] = [];
  let started = 0;
  const connectSome = async (): Promise<void> => {
    while (started < count) {
      started += 1;
      const connection = await connectRpc({ address, as: { kind: "node", credentials } });
      const stream = connection.stream("session");
      await connection.call("heartbeat", {});
      agents.push({ connection, stream });
    }
  };
  await Promise.all(Array.from({ length: CONNECTING }, connectSome));
  return agents;
};

const receive = async ({ stream }: Agent, count: number): Promise<void> => {
  for (let n = 0; n < count; n += 1) await stream.next();
};

/** Runs `task`; gives its wall-clock time and the server's CPU time. */
const measure = async (
  usage: () => Promise<Usage>,
  task: () => Promise<unknown>,
): Promise<{ readonly ms: number; readonly cpuMs: number }> => {
  const before = await usage();
  const start = performance.now();
  await task();
  const ms = performance.now() - start;
  return { ms, cpuMs: (await usage()).cpuMs - before.cpuMs };
};

const row = (what: string, skein: string): Row => ({ what, skein, peer: "" });

/** The suite; SwarmKit has no published figures for these. */
export const rpc = async (): Promise<readonly Row[]> => {
  const issue = await newCredentials();
  const { child, address } = await startServer(await issue("m1", "manager"));
  const credentials = await issue("w1", "worker");
  const control = await connectRpc({ address, as: { kind: "node", credentials } });
  const usage = async (): Promise<Usage> => (await control.call("usage", {})) as Usage;

  // The first handshakes compile code; they are not what a running manager costs. Few, so that
  // the memory which they leave behind does not hide what the agents take.
  const warm = await connectAgents(address, credentials, CONNECTING);
  await Promise.all(warm.map(({ connection }) => connection.close()));
  const idle = await usage();
  let agents: Agent[] = [];
  const connecting = await measure(usage, async () => {
    agents = await connectAgents(address, credentials, AGENTS);
  });
  const busy = await usage();
  const heartbeats = await measure(usage, async () => {
    for (let n = 0; n < HEARTBEATS; n += 1)
      await Promise.all(agents.map(({ connection }) => connection.call("heartbeat", {})));
  });
  const pushes = [];
  for (const isShared of [false, true])
    pushes.push(
      await measure(usage, async () => {
        const receiving = Promise.all(agents.map((agent) => receive(agent, ROUNDS)));
        await control.call("push", { rounds: ROUNDS, isShared }, { timeoutMs: 120_000 });
        await receiving;
      }),
    );
  await Promise.all(agents.map(({ connection }) => connection.close()));
  await control.close();
  child.kill();

  const messages = agents.length * ROUNDS;
  const kibibytes = Math.round((busy.rss - idle.rss) / agents.length / 1_024);
  const beats = HEARTBEATS * agents.length;
  return [
    row(`connects, ${AGENTS} agents, mutual TLS 1.3`, perSecond(agents.length, connecting.ms)),
    row("manager CPU per connect", microseconds(connecting.cpuMs / agents.length)),
    row("manager memory per connected agent", `${kibibytes} KiB`),
    row("heartbeats", perSecond(beats, heartbeats.ms)),
    row("manager CPU per heartbeat", microseconds(heartbeats.cpuMs / beats)),
    ...pushes.flatMap(({ ms, cpuMs }, at) => {
      const how = at === 0 ? "encoded for each agent" : "encoded once for all";
      return [
        row(`messages of ${TASKS_PER_MESSAGE} tasks pushed, ${how}`, perSecond(messages, ms)),
        row(
          `manager CPU per pushed task, ${how}`,
          microseconds(cpuMs / messages / TASKS_PER_MESSAGE),
        ),
      ];
    }),
  ];
};
