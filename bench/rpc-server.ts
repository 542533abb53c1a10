// The manager's side of the RPC benchmark, in a process of its own so that its memory and CPU time
// can be told from the agents'. Started by rpc.ts, which sends the credentials over IPC.
import { silentLogger } from "@skein/base";
import { encode, startRpcServer } from "@skein/platform";
import type { Credentials, RpcStream } from "@skein/platform";

/** What one assignment message of the benchmark carries: 20 tasks of about 200 bytes. */
const assignments = (sequence: number): unknown => ({
  type: "assignments",
  kind: "delta",
  sequence,
  tasks: Array.from({ length: 20 }, (_, n) => ({
    id: `task${sequence}-${n}`.padEnd(25, "x"),
    spec: "service0000000000000000000.1",
    slot: n,
    desiredState: "running",
    state: "assigned",
    labels: { "com.example.filler": "y".repeat(60) },
  })),
});

const streams = new Set<RpcStream>();

const push = async (rounds: number, isShared: boolean): Promise<void> => {
  for (let round = 0; round < rounds; round += 1) {
    const shared = encode(assignments(round));
    await Promise.all(
      [...streams].map((stream) =>
        isShared ? stream.sendEncoded(shared) : stream.send(assignments(round)),
      ),
    );
  }
};

const usage = (): unknown => {
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1_000, rss: process.memoryUsage().rss };
};

process.once("message", (credentials: Credentials) => {
  void startRpcServer({
    host: "127.0.0.1",
    port: 0,
    credentials,
    isRevoked: () => false,
    logger: silentLogger,
    router: [
      {
        name: "session",
        allow: "node",
        stream: async (_peer, stream) => {
          streams.add(stream);
          await stream.next().finally(() => streams.delete(stream));
        },
      },
      { name: "heartbeat", allow: "node", unary: () => Promise.resolve({ periodMs: 2_000 }) },
      { name: "usage", allow: "node", unary: () => Promise.resolve(usage()) },
      {
        name: "push",
        allow: "node",
        unary: async (_peer, request) => {
          const { rounds, isShared } = request as { rounds: number; isShared: boolean };
          await push(rounds, isShared);
        },
      },
    ],
  }).then(({ port }) => process.send?.(port));
});
