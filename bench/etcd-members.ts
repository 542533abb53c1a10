// Members of etcd for the benchmark: carried by the managers' TLS, or with TCP ports of their own.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@skein/base";
import {
  addMember,
  connectEtcd,
  createRootAuthority,
  dialRaw,
  ETCD_PEER_PROTOCOL,
  issueOwnCredentials,
  newSigner,
  promoteMember,
  startEtcdMember,
  startRpcServer,
} from "@skein/platform";
import type { EtcdClient, EtcdMember, EtcdMemberOptions, RpcServer } from "@skein/platform";

/** Members that run, and how to reach and kill each. */
export interface Members {
  readonly clients: readonly EtcdClient[];
  /** SIGKILL to the member of `clients[at]`, which is started again by itself. */
  kill(at: number): void;
  remove(): Promise<void>;
}

const newDirectory = (): string => mkdtempSync(join(tmpdir(), "skein-bench-etcd-"));

/** `count` members whose peers talk through the managers' mutual TLS. */
export const carriedMembers = async (count: number): Promise<Members> => {
  const directory = newDirectory();
  const now = Date.now();
  const root = await createRootAuthority(now);
  const signer = await newSigner(root);
  const members: EtcdMember[] = [];
  const servers: RpcServer[] = [];
  for (let n = 0; n < count; n += 1) {
    const credentials = await issueOwnCredentials(signer, root.certificate, {
      identity: { nodeId: `m${n}`, role: "manager", clusterId: "bench" },
      now,
      lifetimeMs: 3_600_000,
    });
    const server = await startRpcServer({
      host: "127.0.0.1",
      port: 0,
      credentials,
      router: [],
      rawProtocols: [
        { name: ETCD_PEER_PROTOCOL, accept: (socket) => members[n]?.acceptPeer(socket) },
      ],
      isRevoked: () => false,
      logger: silentLogger,
    });
    servers.push(server);
    const options: EtcdMemberOptions = {
      directory: join(directory, `m${n}`),
      name: `m${n}`,
      address: `127.0.0.1:${server.port}`,
      logger: silentLogger,
      dialPeer: (address, signal) =>
        dialRaw({ address, protocol: ETCD_PEER_PROTOCOL, credentials, timeoutMs: 2_000, signal }),
    };
    members.push(await startMember(options, members[0]));
  }
  return {
    clients: members.map(({ client }) => client),
    kill: (at) => {
      const pid = members[at]?.pid;
      if (pid !== undefined) process.kill(pid, "SIGKILL");
    },
    remove: async () => {
      for (const member of members) await member.stop();
      for (const server of servers) await server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};

const startMember = async (
  options: EtcdMemberOptions,
  first: EtcdMember | undefined,
): Promise<EtcdMember> => {
  if (first === undefined) {
    const token = randomBytes(8).toString("hex");
    const member = await startEtcdMember(options, { kind: "new", token });
    await member.ready(30_000);
    return member;
  }
  const added = await addMember(first.client, options.address);
  const member = await startEtcdMember(options, { kind: "join", members: added.members });
  await promoteMember(first.client, added.id);
  await member.ready(30_000);
  return member;
};

const freePorts = async (count: number): Promise<readonly number[]> => {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer().listen(0, "127.0.0.1", () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  return ports;
};

/** `count` members that speak plain TCP to each other on the loopback, as a comparison. */
export const directMembers = async (count: number): Promise<Members> => {
  const directory = newDirectory();
  const ports = await freePorts(2 * count);
  const peerUrl = (n: number): string => `http://127.0.0.1:${ports[n]}`;
  const clientUrl = (n: number): string => `http://127.0.0.1:${ports[count + n]}`;
  const cluster = Array.from({ length: count }, (_, n) => `m${n}=${peerUrl(n)}`).join(",");
  const start = (n: number): ChildProcess => {
    const flags = {
      name: `m${n}`,
      "data-dir": join(directory, `m${n}`),
      "listen-peer-urls": peerUrl(n),
      "initial-advertise-peer-urls": peerUrl(n),
      "listen-client-urls": clientUrl(n),
      "advertise-client-urls": clientUrl(n),
      "initial-cluster": cluster,
      "pre-vote": true,
      "max-txn-ops": 10_000,
      "max-request-bytes": 8_388_608,
    };
    const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
    return spawn("etcd", args, { stdio: "ignore" });
  };
  const children = Array.from({ length: count }, (_, n) => start(n));
  const clients = children.map((_, n) => connectEtcd({ endpoints: [clientUrl(n)] }));
  return {
    clients,
    kill: (at) => {
      const child = children.at(at);
      child?.once("exit", () => {
        children[at] = start(at);
      });
      child?.kill("SIGKILL");
    },
    remove: async () => {
      for (const client of clients) client.close();
      await Promise.all(
        children.map(
          (child) =>
            new Promise((resolve) => {
              child.once("exit", resolve);
              child.kill("SIGKILL");
            }),
        ),
      );
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
