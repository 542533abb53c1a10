// Goal: several members carry the log through dialled streams only, and what was acknowledged
// survives the loss, the stall and the return of any one of them. Method: three real members whose
// `dialPeer` hands the stream to the other member in this process, over a TCP connection on the
// loopback that stands for the managers' TLS.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@skein/base";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openEtcdLog } from "./etcd-log.ts";
import { hasMemberData, startEtcdMember, wipeMemberData } from "./etcd-member.ts";
import type { EtcdMember, EtcdMemberOptions } from "./etcd-member.ts";
import { etcdHealth } from "./health.ts";
import type { MemberStart } from "./member-arguments.ts";
import { addMember, promoteMember, removeMember, stepAside } from "./membership.ts";
import { hasEtcd } from "./testing.ts";

const isEtcdThere = await hasEtcd();
const directory = mkdtempSync(join(tmpdir(), "skein-etcd-cluster-"));
const servers = new Map<string, Server>();
const members = new Map<string, EtcdMember>();

const optionsOf = (name: string): EtcdMemberOptions => ({
  directory: join(directory, name),
  name,
  address: `127.0.0.${name.slice(1)}:2377`,
  logger: silentLogger,
  dialPeer: (address) =>
    new Promise((resolve, reject) => {
      const server = servers.get(address);
      if (server === undefined) throw new Error(`nobody is at ${address}`);
      const { port } = server.address() as AddressInfo;
      const socket = connect({ host: "127.0.0.1", port, noDelay: true }, () => resolve(socket));
      socket.once("error", reject);
    }),
});

const start = async (name: string, how: MemberStart): Promise<EtcdMember> => {
  const options = optionsOf(name);
  const member = await startEtcdMember(options, how);
  members.set(name, member);
  const server = createServer({ noDelay: true }, (socket) => member.acceptPeer(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.get(options.address)?.close();
  servers.set(options.address, server);
  return member;
};

const grow = async (name: string, through: EtcdMember): Promise<EtcdMember> => {
  const added = await addMember(through.client, optionsOf(name).address);
  const member = await start(name, { kind: "join", members: added.members });
  await promoteMember(through.client, added.id);
  await member.ready(30_000);
  return member;
};

const never = new AbortController().signal;
const kill = (member: EtcdMember, signal: NodeJS.Signals): void => {
  if (member.pid !== undefined) process.kill(member.pid, signal);
};

describe.runIf(isEtcdThere)("three members", () => {
  let one: EtcdMember;
  let two: EtcdMember;
  let three: EtcdMember;
  const key = randomBytes(32);
  const openOn = ({ client }: EtcdMember) =>
    openEtcdLog({ client, clusterId: "c", key, logger: silentLogger });

  beforeAll(async () => {
    one = await start("m1", { kind: "new", token: randomBytes(8).toString("hex") });
    await one.ready(30_000);
    two = await grow("m2", one);
    three = await grow("m3", one);
  }, 120_000);
  afterAll(async () => {
    for (const member of members.values()) await member.stop();
    for (const server of servers.values()) server.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test("have a vote each, and one leads", async () => {
    const health = await etcdHealth(two.client);
    expect(health.hasQuorum).toBe(true);
    expect(health.members.map(({ name }) => name).toSorted()).toEqual(["m1", "m2", "m3"]);
    expect(health.members.every(({ isLearner }) => !isLearner)).toBe(true);
    expect(health.members.filter(({ isLeader }) => isLeader)).toHaveLength(1);
    expect(health.members.map(({ address }) => address).toSorted()).toEqual([
      "127.0.0.1:2377",
      "127.0.0.2:2377",
      "127.0.0.3:2377",
    ]);
  });

  test("writes go on when one is killed, which comes back by itself", async () => {
    const log = await openOn(two);
    const { term } = await log.campaign("n2", never);
    let { index } = await log.load();
    const before = one.pid;
    kill(one, "SIGKILL");
    for (let n = 0; n < 20; n += 1) {
      index += 1;
      await log.commit({ index, term, records: [{ key: `tasks/${index}`, value: { index } }] });
    }
    await one.ready(30_000);
    expect(one.pid).not.toBe(before);
    const other = await openOn(one);
    expect((await other.load()).index).toBe(index);
    await other.close();
    await log.close();
  }, 60_000);

  test("a member that is removed ends for good; wiped, it can join again", async () => {
    const { memberId } = await three.client.status();
    await stepAside(three.client);
    await removeMember(one.client, memberId);
    expect(await three.ended).toEqual({ kind: "removed" });
    const options = optionsOf("m3");
    expect(await hasMemberData(options.directory)).toBe(true);
    await three.stop();
    const again = await startEtcdMember(options, { kind: "continue" });
    expect(await again.ended).toEqual({ kind: "removed" });
    await again.stop();
    await wipeMemberData(options.directory);
    three = await grow("m3", one);
    await vi.waitFor(async () => expect((await etcdHealth(three.client)).members).toHaveLength(3));
  }, 60_000);
});
