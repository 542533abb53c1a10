// Goal: managers of one cluster can speak other protocols on the port of the calls, and nobody else
// can. Method: real sockets on the loopback interface.
import type { TLSSocket } from "node:tls";
import { silentLogger } from "@skein/base";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { createRootAuthority } from "./pki/root-authority.ts";
import { issueOwnCredentials } from "./pki/own-credentials.ts";
import { newSigner } from "./pki/signer.ts";
import { connectRpc } from "./rpc/client.ts";
import { dialRaw } from "./rpc/raw-connections.ts";
import { startRpcServer } from "./rpc/server.ts";
import type { RpcServer } from "./rpc/server.ts";
import type { Credentials } from "./shared/credentials.ts";
import type { NodeRole } from "./shared/identity.ts";

const PROTOCOL = "skein-test/1";
let issue: (nodeId: string, role: NodeRole, clusterId?: string) => Promise<Credentials>;
let server: RpcServer;
const accepted: { readonly socket: TLSSocket; readonly nodeId: string }[] = [];
const revoked = new Set<string>();
const dialed: TLSSocket[] = [];

beforeAll(async () => {
  const root = await createRootAuthority(Date.now());
  const signer = await newSigner(root);
  issue = (nodeId, role, clusterId = "c1") =>
    issueOwnCredentials(signer, root.certificate, {
      identity: { nodeId, role, clusterId },
      now: Date.now(),
      lifetimeMs: 3_600_000,
    });
});

beforeEach(async () => {
  revoked.clear();
  accepted.length = 0;
  server = await startRpcServer({
    host: "127.0.0.1",
    port: 0,
    credentials: await issue("m1", "manager"),
    router: [{ name: "hello", allow: "manager", unary: () => Promise.resolve("hello") }],
    rawProtocols: [
      {
        name: PROTOCOL,
        accept: (socket, { nodeId }) => {
          accepted.push({ socket, nodeId });
          socket.pipe(socket); // an echo, and its end
        },
      },
    ],
    isRevoked: (nodeId) => revoked.has(nodeId),
    logger: silentLogger,
  });
});
afterEach(async () => {
  for (const socket of dialed.splice(0)) socket.destroy();
  await server.close();
});

const dial = async (credentials: Credentials, protocol = PROTOCOL): Promise<TLSSocket> => {
  const address = `127.0.0.1:${server.port}`;
  const socket = await dialRaw({ address, protocol, credentials, timeoutMs: 5_000 });
  dialed.push(socket);
  return socket;
};

const readAll = async (socket: TLSSocket): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

test("bytes go both ways, and each half ends by itself", async () => {
  const socket = await dial(await issue("m2", "manager"));
  const sent = Buffer.alloc(5_000_000, "skein");
  socket.end(sent);
  expect((await readAll(socket)).equals(sent)).toBe(true);
  expect(accepted.map(({ nodeId }) => nodeId)).toEqual(["m2"]);
});

test("calls go on working on the same port", async () => {
  const credentials = await issue("m2", "manager");
  await dial(credentials);
  const connection = await connectRpc({
    address: `127.0.0.1:${server.port}`,
    as: { kind: "node", credentials },
  });
  expect(await connection.call("hello", {})).toBe("hello");
  await connection.close();
});

test("workers, other clusters and removed managers are cut off before a byte", async () => {
  revoked.add("gone");
  const strangers = [await issue("w1", "worker"), await issue("gone", "manager")];
  for (const credentials of strangers) {
    const socket = await dial(credentials);
    socket.write("hello");
    const read = await readAll(socket).catch(() => Buffer.alloc(0)); // may be reset as well
    expect(read).toHaveLength(0);
  }
  await expect(dial(await issue("m2", "manager", "c2"))).rejects.toMatchObject({
    kind: "forbidden",
  });
  expect(accepted).toEqual([]);
});

test("a protocol that is not spoken is refused in the handshake", async () => {
  await expect(dial(await issue("m2", "manager"), "skein-other/1")).rejects.toMatchObject({
    kind: "forbidden",
  });
});

test("disconnecting a node cuts its connections", async () => {
  const socket = await dial(await issue("m2", "manager"));
  const other = await dial(await issue("m3", "manager"));
  await vi.waitFor(() => expect(accepted).toHaveLength(2));
  server.disconnect("m2");
  await vi.waitFor(() => expect(socket.closed || socket.readableEnded).toBe(true));
  other.write("still");
  await vi.waitFor(() => expect(other.bytesRead).toBeGreaterThan(0));
});
