// Goal: the promises of the RPC layer, between real sockets on the loopback interface.
import { connect as connectPlain, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { OperationError, rpcError, silentLogger } from "@skein/base";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { createRootAuthority } from "./pki/root-authority.ts";
import { issueOwnCredentials } from "./pki/own-credentials.ts";
import { newSigner } from "./pki/signer.ts";
import { connectRpc } from "./rpc/client.ts";
import type { ConnectOptions, RpcConnection } from "./rpc/client.ts";
import type { ConnectAs } from "./rpc/dial.ts";
import { encode } from "./rpc/frames.ts";
import type { Peer, RpcMethod } from "./rpc/router.ts";
import type { RpcStream } from "./rpc/rpc-stream.ts";
import { startRpcServer } from "./rpc/server.ts";
import type { RpcServer } from "./rpc/server.ts";
import type { Credentials } from "./shared/credentials.ts";
import type { NodeRole } from "./shared/identity.ts";

const HOUR = 3_600_000;

/** A cluster that issues credentials. */
const newCluster = async (clusterId: string) => {
  const root = await createRootAuthority(Date.now());
  const signer = await newSigner(root);
  const issue = (nodeId: string, role: NodeRole, issuedAgoMs = 0): Promise<Credentials> =>
    issueOwnCredentials(signer, root.certificate, {
      identity: { nodeId, role, clusterId },
      now: Date.now() - issuedAgoMs,
      lifetimeMs: 2 * HOUR,
    });
  return { root, signer, issue };
};

let cluster: Awaited<ReturnType<typeof newCluster>>;
let manager: Credentials;
let worker: Credentials;
beforeAll(async () => {
  cluster = await newCluster("c1");
  manager = await cluster.issue("m1", "manager");
  worker = await cluster.issue("w1", "worker");
});

const revoked = new Set<string>();
const peers: Peer[] = [];
const received: unknown[] = [];
const signals: AbortSignal[] = [];
let onStream: (stream: RpcStream) => Promise<void>;

const router: readonly RpcMethod[] = [
  { name: "open.hello", allow: "anyone", unary: async (peer) => ({ you: peer.identity ?? null }) },
  {
    name: "node.echo",
    allow: "node",
    unary: (peer, request) => {
      peers.push(peer);
      return Promise.resolve(request);
    },
  },
  { name: "manager.only", allow: "manager", unary: () => Promise.resolve("yes") },
  {
    name: "node.refuse",
    allow: "node",
    unary: () => Promise.reject(rpcError("not-found", "service web not found")),
  },
  {
    name: "node.bug",
    allow: "node",
    unary: () => Promise.reject(new TypeError("undefined is not a function")),
  },
  {
    name: "node.never",
    allow: "node",
    unary: (_peer, _request, signal) => {
      signals.push(signal);
      return new Promise(() => {});
    },
  },
  { name: "node.stream", allow: "node", stream: (_peer, stream) => onStream(stream) },
];

let server: RpcServer;
const connections: RpcConnection[] = [];

const serve = (credentials: Credentials): Promise<RpcServer> =>
  startRpcServer({
    host: "127.0.0.1",
    port: 0,
    credentials,
    router,
    isRevoked: (nodeId) => revoked.has(nodeId),
    logger: silentLogger,
  });

const connect = async (
  as: ConnectAs = { kind: "node", credentials: worker },
  options: Partial<ConnectOptions> = {},
): Promise<RpcConnection> => {
  const connection = await connectRpc({ address: `127.0.0.1:${server.port}`, as, ...options });
  connections.push(connection);
  return connection;
};

beforeEach(async () => {
  revoked.clear();
  for (const list of [peers, received, signals]) list.length = 0;
  server = await serve(manager);
});
afterEach(async () => {
  await Promise.all(connections.splice(0).map((connection) => connection.close()));
  await server.close();
});

const failure = (promise: Promise<unknown>): Promise<OperationError> =>
  promise.then(
    () => {
      throw new Error("it did not fail");
    },
    (error: unknown) => {
      expect(error).toBeInstanceOf(OperationError);
      return error as OperationError;
    },
  );

test("a call carries any message there and back, and both sides know each other", async () => {
  const connection = await connect();
  expect(connection.server).toEqual(manager.identity);
  expect(connection.localAddress).toBe("127.0.0.1");
  const message = { text: "x".repeat(200_000), list: [1, { a: null }], bytes: new Uint8Array([7]) };
  const answer = (await connection.call("node.echo", message)) as typeof message;
  expect({ ...answer, bytes: [...answer.bytes] }).toEqual({ ...message, bytes: [7] });
  expect(peers[0]).toMatchObject({ identity: worker.identity, address: "127.0.0.1" });
});

test("a connection may be closed as soon as it is there", async () => {
  for (let i = 0; i < 5; i += 1) await (await connect()).close();
  expect(await (await connect()).call("node.echo", 1)).toBeDefined();
});

test("many calls share a connection", async () => {
  const connection = await connect();
  const answers = await Promise.all(
    Array.from({ length: 300 }, (_, n) => connection.call("node.echo", n)),
  );
  expect(answers).toEqual(Array.from({ length: 300 }, (_, n) => n));
});

test("errors keep kind, message and prefix", async () => {
  const connection = await connect();
  expect(await failure(connection.call("node.refuse", {}))).toMatchObject({
    kind: "not-found",
    message: "service web not found",
    rpc: true,
  });
  expect(await failure(connection.call("node.bug", {}))).toMatchObject({ kind: "internal" });
  expect(await failure(connection.call("no.such", {}))).toMatchObject({
    kind: "not-implemented",
    message: 'unknown method "no.such"',
  });
});

test("who has no certificate reaches only what is open", async () => {
  for (const as of [
    { kind: "anyone" },
    { kind: "roots", rootPem: cluster.root.certificate },
  ] as const) {
    const connection = await connect(as);
    expect(await connection.call("open.hello", {})).toEqual({ you: null });
    expect(await failure(connection.call("node.echo", 1))).toMatchObject({
      kind: "forbidden",
      message: "permission denied: a certificate of this cluster is needed",
    });
    expect(await failure(connection.call("open.hello", "x".repeat(70_000)))).toMatchObject({
      kind: expect.stringMatching(/cancelled|unavailable/),
    });
  }
});

test("roles and removal are looked at on every call", async () => {
  const asWorker = await connect();
  const asManager = await connect({ kind: "node", credentials: manager });
  expect(await asManager.call("manager.only", {})).toBe("yes");
  expect(await failure(asWorker.call("manager.only", {}))).toMatchObject({
    kind: "forbidden",
    message: "permission denied: only managers may do this",
  });
  revoked.add("w1");
  expect(await failure(asWorker.call("node.echo", 1))).toMatchObject({
    kind: "unauthorized",
    message: "permission denied: node w1 has been removed from the cluster",
  });
  server.disconnect("w1");
  await vi.waitFor(() => expect(asWorker.closed.aborted).toBe(true));
  expect(asManager.closed.aborted).toBe(false);
});

test("certificates of other roots, other clusters, and expired ones count for nothing", async () => {
  const other = await newCluster("c1");
  const stranger = await other.issue("w1", "worker");
  const { root } = cluster;
  const foreign = await connect({
    kind: "node",
    credentials: { ...stranger, rootPem: root.certificate },
  });
  expect((await failure(foreign.call("node.echo", 1))).kind).toBe("forbidden");
  const expired = await connect({
    kind: "node",
    credentials: await cluster.issue("w1", "worker", 3 * HOUR),
  });
  expect((await failure(expired.call("node.echo", 1))).kind).toBe("forbidden");
  const sharedRoot = await issueOwnCredentials(cluster.signer, root.certificate, {
    identity: { nodeId: "w1", role: "worker", clusterId: "another" },
    now: Date.now(),
    lifetimeMs: HOUR,
  });
  expect(await failure(connect({ kind: "node", credentials: sharedRoot }))).toMatchObject({
    kind: "forbidden",
    message: `the manager at 127.0.0.1:${server.port} is not trusted: it belongs to another cluster`,
  });
});

test("a client refuses servers that are not managers of its cluster", async () => {
  const impostors = [
    { credentials: worker, reason: "its certificate is not a manager's" },
    { credentials: await (await newCluster("c1")).issue("m1", "manager"), reason: "self-signed" },
    { credentials: await cluster.issue("m1", "manager", 3 * HOUR), reason: "expired" },
  ];
  for (const { credentials, reason } of impostors) {
    await server.close();
    server = await serve(credentials);
    const error = await failure(connect());
    expect(error.kind).toBe("forbidden");
    expect(error.message).toContain(`the manager at 127.0.0.1:${server.port} is not trusted`);
    expect(error.message).toContain(reason);
  }
});

test("a port in use is named", async () => {
  const { port } = server;
  const again = startRpcServer({
    host: "127.0.0.1",
    port,
    credentials: manager,
    router,
    isRevoked: () => false,
    logger: silentLogger,
  });
  expect(await failure(again)).toMatchObject({
    kind: "unavailable",
    message: `cannot listen on 127.0.0.1:${port}: the address is already in use`,
  });
});

test("connecting fails clearly: refused, bad address, silent server, given up", async () => {
  const { port } = server;
  await server.close();
  expect(await failure(connect())).toMatchObject({
    kind: "unavailable",
    message: `cannot connect to 127.0.0.1:${port}: connection refused`,
  });
  expect(await failure(connect(undefined, { address: "nonsense" }))).toMatchObject({
    kind: "invalid-parameter",
  });
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
  await vi.waitFor(() => expect(silent.listening).toBe(true));
  const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  expect(await failure(connect(undefined, { address, connectTimeoutMs: 50 }))).toMatchObject({
    kind: "deadline-exceeded",
    message: `cannot connect to ${address}: no answer within 50 ms`,
  });
  const controller = new AbortController();
  const reason = new OperationError("cancelled", "shutting down");
  const connecting = failure(connect(undefined, { address, signal: controller.signal }));
  controller.abort(reason);
  expect(await connecting).toBe(reason);
  for (const socket of sockets) socket.destroy();
  silent.close();
  server = await serve(manager);
});

test("a call that takes too long, or is given up, ends on both sides", async () => {
  const connection = await connect();
  expect(await failure(connection.call("node.never", {}, { timeoutMs: 30 }))).toMatchObject({
    kind: "deadline-exceeded",
    message: "node.never got no answer within 30 ms",
  });
  const controller = new AbortController();
  const reason = new OperationError("cancelled", "no longer needed");
  const call = failure(connection.call("node.never", {}, { signal: controller.signal }));
  await vi.waitFor(() => expect(signals).toHaveLength(2));
  controller.abort(reason);
  expect(await call).toBe(reason);
  await vi.waitFor(() => expect(signals.every(({ aborted }) => aborted)).toBe(true));
  expect(await connection.call("node.echo", 1)).toBe(1);
});

test("a stream carries messages both ways, in order, and ends each way by itself", async () => {
  onStream = async (stream) => {
    for await (const message of stream) {
      received.push(message);
      await stream.send({ echo: message });
    }
    await stream.send("that was all");
  };
  const stream = (await connect()).stream("node.stream");
  const shared = encode("encoded once");
  await stream.send({ type: "hello" });
  await stream.sendEncoded(shared);
  await stream.sendEncoded(shared);
  stream.end();
  const answers: unknown[] = [];
  for await (const message of stream) answers.push(message);
  expect(received).toEqual([{ type: "hello" }, "encoded once", "encoded once"]);
  expect(answers).toEqual([
    { echo: { type: "hello" } },
    { echo: "encoded once" },
    { echo: "encoded once" },
    "that was all",
  ]);
  await vi.waitFor(() => expect(stream.signal.aborted).toBe(true));
  await expect(stream.send("late")).rejects.toBeInstanceOf(OperationError);
});

test("an error on either side arrives on the other", async () => {
  onStream = async (stream) => {
    await stream.next();
    throw new OperationError("conflict", "a newer session exists");
  };
  const connection = await connect();
  const first = connection.stream("node.stream");
  await first.send(1);
  expect(await failure(first.next())).toMatchObject({
    kind: "conflict",
    message: "a newer session exists",
  });
  const thrown = new Promise((resolve) => {
    onStream = (stream) => stream.next().catch(resolve) as Promise<void>;
  });
  const second = connection.stream("node.stream");
  second.fail(new OperationError("internal", "the agent broke"));
  expect(await thrown).toMatchObject({ kind: "internal", message: "the agent broke" });
});

test("leaving the loop cancels the stream for the sender", async () => {
  const ended = new Promise<unknown>((resolve) => {
    onStream = async (stream) => {
      try {
        for (let n = 0; ; n += 1) await stream.send(n);
      } catch (error) {
        resolve(error);
      }
    };
  });
  const stream = (await connect()).stream("node.stream");
  for await (const message of stream) if (message === 5) break;
  expect(await ended).toMatchObject({ kind: "cancelled" });
  expect(stream.signal.aborted).toBe(true);
});

test("a slow reader slows the sender down, and nothing is lost", async () => {
  const filler = "x".repeat(10_000);
  let sent = 0;
  onStream = async (stream) => {
    for (sent = 0; sent < 2_000; sent += 1) await stream.send({ n: sent, filler });
  };
  const stream = (await connect()).stream("node.stream");
  await vi.waitFor(() => expect(sent).toBeGreaterThan(10));
  await vi.waitFor(async () => {
    const before = sent;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sent).toBe(before);
  });
  expect(sent).toBeLessThan(600);
  let next = 0;
  for await (const message of stream) {
    expect((message as { n: number }).n).toBe(next);
    next += 1;
  }
  expect(next).toBe(2_000);
});

test("a handler that returns ends the call even when the caller keeps sending", async () => {
  onStream = () => Promise.resolve();
  const stream = (await connect()).stream("node.stream");
  expect(await stream.next()).toBeUndefined();
  await vi.waitFor(async () => {
    await expect(stream.send("x".repeat(100_000))).rejects.toBeInstanceOf(OperationError);
  });
});

test("both sides notice at once when a connection is cut", async () => {
  const overOnServer = new Promise<unknown>((resolve) => {
    onStream = (stream) => stream.next().catch(resolve) as Promise<void>;
  });
  const proxy = await startProxy(server.port);
  const connection = await connect(undefined, { address: `127.0.0.1:${proxy.port}` });
  const stream = connection.stream("node.stream");
  await connection.call("node.echo", 1);
  const pending = failure(connection.call("node.never", {}));
  const reading = failure(stream.next());
  await vi.waitFor(() => expect(signals).toHaveLength(1));
  const cutAt = performance.now();
  proxy.cut();
  expect(await pending).toMatchObject({ kind: "unavailable" });
  expect(await reading).toMatchObject({ kind: "unavailable" });
  expect(await overOnServer).toMatchObject({ kind: "unavailable" });
  await vi.waitFor(() => expect(peers[0]?.connection.aborted).toBe(true), { interval: 5 });
  expect(connection.closed.aborted).toBe(true);
  expect(connection.closed.reason).toMatchObject({ kind: "unavailable" });
  expect(performance.now() - cutAt).toBeLessThan(1_000);
  expect(await failure(connection.call("node.echo", 1))).toMatchObject({ kind: "unavailable" });
  expect(() => connection.stream("node.stream")).toThrow("was lost");
  proxy.close();
});

test("silence is found by pings, and traffic keeps a connection alive", async () => {
  const proxy = await startProxy(server.port);
  const connection = await connect(undefined, {
    address: `127.0.0.1:${proxy.port}`,
    pingPeriodMs: 20,
    pingTimeoutMs: 200,
  });
  const started = performance.now();
  await vi.waitFor(() => expect(performance.now() - started).toBeGreaterThan(500), {
    timeout: 2_000,
  });
  expect(connection.closed.aborted).toBe(false);
  proxy.freeze();
  await vi.waitFor(() => expect(connection.closed.aborted).toBe(true), { timeout: 3_000 });
  expect(connection.closed.reason).toMatchObject({
    kind: "unavailable",
    message: expect.stringContaining("no sign of life for 200 ms"),
  });
  proxy.close();
});

test("new certificates are used for new connections; old connections live on", async () => {
  const before = await connect();
  const fresh = await createRootAuthority(Date.now());
  const intermediate = await cluster.signer.crossSign(fresh);
  const rootPem = cluster.root.certificate + fresh.certificate;
  const rotated = await newSigner({ ...fresh, intermediate });
  const identity = { ...manager.identity, nodeId: "m1" };
  server.updateCredentials(
    await issueOwnCredentials(rotated, rootPem, { identity, now: Date.now(), lifetimeMs: HOUR }),
  );
  expect(await before.call("node.echo", "still here")).toBe("still here");
  // A node that only knows the old root, and one that has moved to the new one.
  const behind = await connect();
  expect(await behind.call("node.echo", 1)).toBe(1);
  const ahead = await connect({
    kind: "node",
    credentials: await issueOwnCredentials(rotated, fresh.certificate, {
      identity: worker.identity,
      now: Date.now(),
      lifetimeMs: HOUR,
    }),
  });
  expect(await ahead.call("node.echo", 2)).toBe(2);
});

test("closing the server closes its connections, and the port is free again", async () => {
  const { port } = server;
  const connection = await connect();
  const stream = connection.stream("node.stream");
  onStream = (incoming) => incoming.next() as Promise<void>;
  const reading = failure(stream.next());
  await server.close();
  expect(await reading).toMatchObject({ kind: "unavailable" });
  await vi.waitFor(() => expect(connection.closed.aborted).toBe(true));
  server = await startRpcServer({
    host: "127.0.0.1",
    port,
    credentials: manager,
    router,
    isRevoked: () => false,
    logger: silentLogger,
  });
  expect(server.port).toBe(port);
});

test("strangers who speak nonsense do no harm", async () => {
  await new Promise<void>((resolve) => {
    const socket = connectPlain(server.port, "127.0.0.1", () =>
      socket.write("GET / HTTP/1.1\r\n\r\n"),
    );
    socket.on("error", () => {});
    socket.once("close", () => resolve());
    socket.resume();
  });
  expect(await (await connect()).call("node.echo", 1)).toBe(1);
});

/** A TCP relay whose link can be cut (both ends see it) or frozen (neither does). */
const startProxy = async (target: number) => {
  const pairs: Socket[] = [];
  const relay: Server = createServer((inner) => {
    const outer = connectPlain(target, "127.0.0.1");
    for (const socket of [inner, outer]) socket.on("error", () => {});
    inner.pipe(outer);
    outer.pipe(inner);
    pairs.push(inner, outer);
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  const cut = (): void => pairs.forEach((socket) => socket.destroy());
  return {
    port: (relay.address() as AddressInfo).port,
    cut,
    freeze: () =>
      pairs.forEach((socket) => {
        socket.unpipe();
        socket.pause();
      }),
    close: () => {
      cut();
      relay.close();
    },
  };
};
