// Goal: several members carry the log through the managers' mutual TLS, and what was acknowledged
// survives the loss and the stall of any one of them. Method: three real members; each has the
// managers' listener of its own on the loopback, and dials the others' with its certificate.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@skein/base";
import type { Leadership, LoadedState } from "@skein/store";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { EtcdLog } from "./etcd/etcd-log.ts";
import { openEtcdLog } from "./etcd/etcd-log.ts";
import { hasMemberData, startEtcdMember, wipeMemberData } from "./etcd/etcd-member.ts";
import type { EtcdMember, EtcdMemberOptions } from "./etcd/etcd-member.ts";
import { etcdHealth } from "./etcd/health.ts";
import type { MemberStart } from "./etcd/member-arguments.ts";
import { addMember, promoteMember, removeMember, stepAside } from "./etcd/membership.ts";
import { hasEtcd } from "./etcd/testing.ts";
import { issueOwnCredentials } from "./pki/own-credentials.ts";
import { createRootAuthority } from "./pki/root-authority.ts";
import { newSigner } from "./pki/signer.ts";
import { dialRaw, ETCD_PEER_PROTOCOL } from "./rpc/raw-connections.ts";
import { startRpcServer } from "./rpc/server.ts";
import type { RpcServer } from "./rpc/server.ts";
import type { Credentials } from "./shared/credentials.ts";

const isEtcdThere = await hasEtcd();
const directory = mkdtempSync(join(tmpdir(), "skein-etcd-cluster-"));
const never = new AbortController().signal;

/** One manager's end of the carriage: its certificate, its listener, its member. */
interface Manager {
  readonly name: string;
  readonly options: EtcdMemberOptions;
  readonly server: RpcServer;
  member: EtcdMember | undefined;
}

let issue: (nodeId: string) => Promise<Credentials>;
const managers = new Map<string, Manager>();

const newManager = async (name: string): Promise<Manager> => {
  const credentials = await issue(name);
  const accept = (socket: Parameters<EtcdMember["acceptPeer"]>[0]): void => {
    const member = managers.get(name)?.member;
    if (member === undefined) socket.destroy();
    else member.acceptPeer(socket);
  };
  const server = await startRpcServer({
    host: "127.0.0.1",
    port: 0,
    credentials,
    router: [],
    rawProtocols: [{ name: ETCD_PEER_PROTOCOL, accept }],
    isRevoked: () => false,
    logger: silentLogger,
  });
  const options: EtcdMemberOptions = {
    directory: join(directory, name),
    name,
    address: `127.0.0.1:${server.port}`,
    logger: silentLogger,
    dialPeer: (address, signal) =>
      dialRaw({ address, protocol: ETCD_PEER_PROTOCOL, credentials, timeoutMs: 2_000, signal }),
  };
  const manager = { name, options, server, member: undefined };
  managers.set(name, manager);
  return manager;
};

const begin = async (manager: Manager, how: MemberStart): Promise<EtcdMember> => {
  manager.member = await startEtcdMember(manager.options, how);
  return manager.member;
};

const grow = async (manager: Manager, through: EtcdMember): Promise<EtcdMember> => {
  const added = await addMember(through.client, manager.options.address);
  const member = await begin(manager, { kind: "join", members: added.members });
  await promoteMember(through.client, added.id);
  await member.ready(30_000);
  return member;
};

const signalTo = (member: EtcdMember, signal: NodeJS.Signals): void => {
  if (member.pid !== undefined) process.kill(member.pid, signal);
};

/** Writes one batch after the other until told to stop; says how far it was acknowledged. */
const newWriter = (log: EtcdLog, leadership: Leadership, first: number) => {
  let acknowledged = first;
  const over = new AbortController();
  const run = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const index = acknowledged + 1;
      const records = [{ key: `tasks/${index}`, value: { index } }];
      await log.commit({ index, term: leadership.term, records });
      acknowledged = index;
    }
  };
  const done = run();
  return {
    acknowledged: () => acknowledged,
    stop: (): Promise<void> => {
      over.abort();
      return done;
    },
  };
};

const expectAll = (state: LoadedState, first: number, last: number): void => {
  const keys = new Set(state.records.map(({ key }) => key));
  const missing = Array.from({ length: last - first }, (_, n) => `tasks/${first + n + 1}`).filter(
    (key) => !keys.has(key),
  );
  expect(missing).toEqual([]);
};

describe.runIf(isEtcdThere)("three members over mutual TLS", () => {
  let members: readonly [EtcdMember, EtcdMember, EtcdMember];
  const key = randomBytes(32);
  const openOn = ({ client }: EtcdMember): Promise<EtcdLog> =>
    openEtcdLog({ client, clusterId: "c", key, logger: silentLogger, leaseSeconds: 5 });

  beforeAll(async () => {
    const root = await createRootAuthority(Date.now());
    const signer = await newSigner(root);
    issue = (nodeId) =>
      issueOwnCredentials(signer, root.certificate, {
        identity: { nodeId, role: "manager", clusterId: "c1" },
        now: Date.now(),
        lifetimeMs: 3_600_000,
      });
    const one = await begin(await newManager("m1"), {
      kind: "new",
      token: randomBytes(8).toString("hex"),
    });
    await one.ready(30_000);
    const two = await grow(await newManager("m2"), one);
    const three = await grow(await newManager("m3"), one);
    members = [one, two, three];
  }, 120_000);
  afterAll(async () => {
    for (const { member } of managers.values()) await member?.stop();
    for (const { server } of managers.values()) await server.close();
    rmSync(directory, { recursive: true, force: true });
  }, 60_000);

  /** The member that leads etcd, and the two others. */
  const leaderAndOthers = async (): Promise<typeof members> => {
    const [one, two, three] = members;
    const { leader } = await one.client.status();
    if (leader === (await two.client.status()).memberId) return [two, one, three];
    if (leader === (await three.client.status()).memberId) return [three, one, two];
    return [one, two, three];
  };

  test("have a vote each, and one leads", async () => {
    const health = await etcdHealth(members[1].client);
    expect(health).toMatchObject({ hasQuorum: true, alarms: [], isLearner: false });
    expect(health.members.map(({ name }) => name).toSorted()).toEqual(["m1", "m2", "m3"]);
    expect(health.members.every(({ isLearner }) => !isLearner)).toBe(true);
    expect(health.members.filter(({ isLeader }) => isLeader)).toHaveLength(1);
    const addresses = [...managers.values()].map(({ options }) => options.address);
    expect(health.members.map(({ address }) => address).toSorted()).toEqual(addresses.toSorted());
  });

  test.each(["SIGKILL", "SIGSTOP"] as const)(
    "%s to the leader: writes go on elsewhere, nothing acknowledged is lost",
    async (signal) => {
      const [leader, other] = await leaderAndOthers();
      const log = await openOn(other);
      const leadership = await log.campaign("n", never);
      const first = (await log.load()).index;
      const writer = newWriter(log, leadership, first);
      await vi.waitFor(() => expect(writer.acknowledged()).toBeGreaterThan(first + 5));
      signalTo(leader, signal);
      const then = writer.acknowledged();
      await vi.waitFor(() => expect(writer.acknowledged()).toBeGreaterThan(then + 5), {
        timeout: 20_000,
      });
      await writer.stop();
      if (signal === "SIGSTOP") signalTo(leader, "SIGCONT");
      await leader.ready(30_000);
      const again = await openOn(leader);
      expectAll(await again.load(), first, writer.acknowledged());
      for (const one of [again, log]) await one.close();
    },
    60_000,
  );

  test("a leader whose member stands still is deposed, and can't commit afterwards", async () => {
    const [, other, third] = await leaderAndOthers();
    const old = await openOn(other);
    const leadership = await old.campaign("old", never);
    const { index } = await old.load();
    const next = await openOn(third);
    const elected = next.campaign("next", never);
    signalTo(other, "SIGSTOP");
    const { term } = leadership;
    const stuck = old
      .commit({ index: index + 1, term, records: [{ key: "tasks/late", value: "old" }] })
      .catch((error: unknown) => error);
    const { term: nextTerm } = await elected;
    // It was deposed for its silence; it knows when its lease has run out, or etcd answers again.
    expect(await stuck).toMatchObject({ kind: "unavailable" });
    expect(leadership.valid()).toBe(false);
    expect(await next.readIndex(never)).toBe(index);
    const records = [{ key: "tasks/late", value: "next" }];
    await next.commit({ index: index + 1, term: nextTerm, records });
    signalTo(other, "SIGCONT");
    await other.ready(30_000);
    await expect(old.commit({ index: index + 2, term, records: [] })).rejects.toMatchObject({
      kind: "unavailable",
    });
    const state = await old.load();
    expect(state.index).toBe(index + 1);
    expect(state.records.find((record) => record.key === "tasks/late")?.value).toBe("next");
    for (const one of [old, next]) await one.close();
  }, 60_000);

  test("a member that is removed ends for good; wiped, it can join again", async () => {
    const [one, , three] = members;
    const { memberId } = await three.client.status();
    await stepAside(three.client);
    await removeMember(one.client, memberId);
    expect(await three.ended).toEqual({ kind: "removed" });
    await three.stop();
    const manager = managers.get("m3");
    if (manager === undefined) throw new Error("m3 is missing");
    expect(await hasMemberData(manager.options.directory)).toBe(true);
    const again = await begin(manager, { kind: "continue" });
    expect(await again.ended).toEqual({ kind: "removed" });
    await again.stop();
    await wipeMemberData(manager.options.directory);
    const fresh = await grow(manager, one);
    // It has just got its vote: it may not know the leader yet.
    await vi.waitFor(async () => expect((await etcdHealth(fresh.client)).members).toHaveLength(3), {
      timeout: 20_000,
    });
  }, 60_000);
});
