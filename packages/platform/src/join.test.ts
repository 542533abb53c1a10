// Goal: joining and renewing over the network. Method: a real RPC server with the real handler.
import { once } from "node:events";
import { createSecureServer } from "node:http2";
import { createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { AddressInfo } from "node:net";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId, OperationError, rpcError, silentLogger } from "@skein/base";
import type { Clock } from "@skein/base";
import { afterEach, beforeEach, expect, test } from "vitest";
import { newAuthorityHandler } from "./pki/authority-handler.ts";
import { readCredentials, writeCredentials } from "./pki/credential-files.ts";
import { joinCluster, renewCredentials } from "./pki/join.ts";
import { isSameJoinToken, newJoinToken } from "./pki/join-token.ts";
import { issueOwnCredentials } from "./pki/own-credentials.ts";
import { createRootAuthority } from "./pki/root-authority.ts";
import { newSigner } from "./pki/signer.ts";
import { authorityOver, connectAuthority } from "./rpc/authority-client.ts";
import { authorityRoutes } from "./rpc/authority-methods.ts";
import { connectRpc } from "./rpc/client.ts";
import { checkReach, offerReach } from "./rpc/reach-back.ts";
import { startRpcServer } from "./rpc/server.ts";
import type { RpcServer } from "./rpc/server.ts";
import type { Credentials } from "./shared/credentials.ts";
import type { NodeIdentity, NodeRole } from "./shared/identity.ts";
import { systemClock } from "./system/clock.ts";
import { systemRandom } from "./system/random.ts";

const HOUR = 3_600_000;

/** A manager that admits by token and remembers its nodes, as the real one does in the store. */
const startManager = async () => {
  const root = await createRootAuthority(Date.now());
  const signer = await newSigner(root);
  const nodes = new Map<string, NodeRole>();
  const tokens: Record<NodeRole, string> = {
    worker: newJoinToken(root.certificate, systemRandom),
    manager: newJoinToken(root.certificate, systemRandom),
  };
  const sign = (csr: string, identity: NodeIdentity): Promise<string> =>
    signer.issueNodeCertificate(csr, { identity, now: Date.now(), lifetimeMs: HOUR });
  const admit = async (token: string): Promise<NodeRole> => {
    if (isSameJoinToken(token, tokens.worker)) return "worker";
    if (isSameJoinToken(token, tokens.manager)) return "manager";
    throw rpcError("invalid-parameter", "A valid join token is necessary to join this cluster");
  };
  const handler = newAuthorityHandler({
    clusterId: "c1",
    root: () => root.certificate,
    roots: () => root.certificate,
    admit,
    currentRole: async (nodeId) => {
      const role = nodes.get(nodeId);
      if (role === undefined) throw rpcError("not-found", `node ${nodeId} not found`);
      return role;
    },
    newNodeId: () => newId(systemRandom),
    sign,
    record: async ({ identity }) => void nodes.set(identity.nodeId, identity.role),
  });
  const own = await issueOwnCredentials(signer, root.certificate, {
    identity: { nodeId: "m1", role: "manager", clusterId: "c1" },
    now: Date.now(),
    lifetimeMs: HOUR,
  });
  const server = await startRpcServer({
    host: "127.0.0.1",
    port: 0,
    credentials: own,
    router: authorityRoutes(handler),
    isRevoked: () => false,
    logger: silentLogger,
  });
  return { server, nodes, tokens, root, address: `127.0.0.1:${server.port}` };
};

let manager: Awaited<ReturnType<typeof startManager>>;
let directory = "";
const servers: RpcServer[] = [];

/** Real time, but pauses are only counted. */
const pauses: number[] = [];
const clock: Clock = {
  ...systemClock,
  sleep: (ms) => {
    pauses.push(ms);
    return Promise.resolve();
  },
};

beforeEach(async () => {
  manager = await startManager();
  servers.push(manager.server);
  directory = mkdtempSync(join(tmpdir(), "skein-join-"));
  pauses.length = 0;
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
  rmSync(directory, { recursive: true });
});

const joinWith = (
  token: string,
  addresses = [manager.address],
  signal = new AbortController().signal,
): Promise<Credentials> =>
  joinCluster({
    addresses,
    token,
    directory,
    connect: connectAuthority,
    clock,
    logger: silentLogger,
    signal,
  });

const save = (credentials: Credentials): Promise<void> => writeCredentials(directory, credentials);

const renew = async (current: Credentials): Promise<Credentials> => {
  const connection = await connectRpc({
    address: manager.address,
    as: { kind: "node", credentials: current },
  });
  try {
    const authority = authorityOver(connection);
    return await renewCredentials({ current, save, authority, clock });
  } finally {
    await connection.close();
  }
};

test.each(["worker", "manager"] as const)("the %s token makes a %s", async (role) => {
  const credentials = await joinWith(manager.tokens[role]);
  expect(credentials.identity).toMatchObject({ role, clusterId: "c1" });
  expect(credentials.identity.nodeId).toMatch(/^[0-9a-z]{25}$/);
  expect(manager.nodes.get(credentials.identity.nodeId)).toBe(role);
  expect(await readCredentials(directory)).toMatchObject({ kind: "found", credentials });
});

test("a token of another cluster, a rotated one, and nonsense are refused; nothing is written", async () => {
  const other = await startManager();
  servers.push(other.server);
  const failures = await Promise.all(
    [
      other.tokens.worker,
      newJoinToken(manager.root.certificate, systemRandom),
      "SWMTKN-1-nonsense",
    ].map((token) => joinWith(token).catch((error: unknown) => error)),
  );
  expect(failures).toEqual([
    expect.objectContaining({
      kind: "invalid-parameter",
      message: expect.stringContaining("remote CA does not match fingerprint. Expected: "),
    }),
    expect.objectContaining({
      kind: "invalid-parameter",
      message: "A valid join token is necessary to join this cluster",
      rpc: true,
    }),
    expect.objectContaining({ kind: "invalid-parameter", message: "invalid join token" }),
  ]);
  expect(readdirSync(directory)).toEqual([]);
  expect(pauses).toEqual([]);
  expect(manager.nodes.size).toBe(0);
});

test("managers that do not answer are passed over; five rounds, two seconds apart", async () => {
  const gone = await startManager();
  await gone.server.close();
  const credentials = await joinWith(manager.tokens.worker, [gone.address, manager.address]);
  expect(credentials.identity.role).toBe("worker");
  await expect(joinWith(manager.tokens.worker, [gone.address])).rejects.toMatchObject({
    kind: "unavailable",
    message: expect.stringMatching(
      `^cannot connect to ${gone.address}: connection refused: check that a manager runs there`,
    ),
  });
  expect(pauses).toEqual([2_000, 2_000, 2_000, 2_000]);
});

test("who loses patience is told what was tried", async () => {
  // Accepts, but never says a word.
  const mute = createServer().listen(0, "127.0.0.1");
  await once(mute, "listening");
  const address = `127.0.0.1:${(mute.address() as AddressInfo).port}`;
  try {
    const impatient = AbortSignal.timeout(50);
    await expect(joinWith(manager.tokens.worker, [address], impatient)).rejects.toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining(
        `Timeout was reached before node joined: no answer from ${address}: check`,
      ),
    });
    expect(readdirSync(directory)).toEqual([]);
  } finally {
    mute.close();
  }
});

test("a renewal keeps the node's id and takes the role that the manager has for it", async () => {
  const first = await joinWith(manager.tokens.worker);
  const second = await renew(first);
  expect(second.identity).toEqual(first.identity);
  expect(second.keyPem).not.toBe(first.keyPem);
  manager.nodes.set(first.identity.nodeId, "manager");
  const promoted = await renew(second);
  expect(promoted.identity).toEqual({ ...first.identity, role: "manager" });
  expect(await readCredentials(directory)).toMatchObject({ kind: "found", credentials: promoted });
});

test("a removed node cannot renew, and keeps what it has", async () => {
  const credentials = await joinWith(manager.tokens.worker);
  manager.nodes.clear();
  await expect(renew(credentials)).rejects.toMatchObject({ kind: "not-found" });
  expect(await readCredentials(directory)).toMatchObject({ kind: "found", credentials });
});

test("a manager that answers with somebody else's certificate is not believed", async () => {
  const lure = await joinWith(manager.tokens.worker);
  const authority = {
    rootCertificate: () => Promise.resolve(manager.root.certificate),
    requestCertificate: () =>
      Promise.resolve({
        ...lure.identity,
        certificate: lure.certificatePem,
        roots: manager.root.certificate,
      }),
  };
  const renewing = renewCredentials({ current: lure, save, authority, clock });
  await expect(renewing).rejects.toBeInstanceOf(OperationError);
  await expect(renewing).rejects.toThrow("a certificate for another key");
});

test("what is no manager is told from one, and nothing is tried again", async () => {
  // What an ssh server or a web server without TLS would do.
  const banner = createServer((socket) => socket.end("SSH-2.0-Nobody\r\n")).listen(0, "127.0.0.1");
  const { key, cert } = { key: manager.root.key, cert: manager.root.certificate };
  const web = createTlsServer({ key, cert }, (socket) => socket.end()).listen(0, "127.0.0.1");
  const docker = createSecureServer({ key, cert }, (_request, response) => {
    response.writeHead(415).end();
  }).listen(0, "127.0.0.1");
  for (const server of [banner, web, docker]) {
    if (!server.listening) await once(server, "listening");
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(joinWith(manager.tokens.worker, [address])).rejects.toThrow(
      /what answers (at 127\.0\.0\.1:\d+|there) is no manager of Skein/u,
    );
    server.close();
  }
  expect(pauses).toEqual([]);
  expect(readdirSync(directory)).toEqual([]);
});

test("a host is dialed back at its address: nobody there, another one there, itself", async () => {
  const offer = await offerReach({ host: "127.0.0.1", port: 0 }, systemRandom);
  expect(offer.proof.kind).toBe("listens");
  await offer.close();
  const taken = createServer((socket) => socket.end("hello")).listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const address = `127.0.0.1:${port}`;
  await expect(checkReach(address, offer.proof, 1000)).rejects.toThrow(
    `at its address ${address} (TCP): another host or program answers there`,
  );
  const refused = await offerReach({ host: "127.0.0.1", port }, systemRandom);
  await expect(checkReach(address, refused.proof, 1000)).rejects.toThrow("EADDRINUSE");
  taken.close();
  await once(taken, "close");
  await expect(checkReach(address, offer.proof, 1000)).rejects.toThrow("ECONNREFUSED");
  const again = await offerReach({ host: "127.0.0.1", port }, systemRandom);
  await checkReach(address, again.proof, 1000);
  await again.close();
});
