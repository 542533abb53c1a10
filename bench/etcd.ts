// What the log costs on etcd: a commit on one member and on three, whose peers talk through the
// managers' mutual TLS, against members with TCP ports of their own; and how long nothing can be
// written after the leader of etcd was killed.
import { randomBytes } from "node:crypto";
import { silentLogger } from "@skein/base";
import { openEtcdLog } from "@skein/platform";
import type { EtcdClient, EtcdLog } from "@skein/platform";
import { carriedMembers, directMembers } from "./etcd-members.ts";
import type { Members } from "./etcd-members.ts";
import type { Row } from "./table.ts";
import { milliseconds } from "./table.ts";

const COMMITS = 500;
const RECORDS = 500;
const LARGE_COMMITS = 20;
const KILLS = 7;
/** Long enough to outlive an election of etcd on a machine that stalls. */
const LEASE_SECONDS = 10;

const never = new AbortController().signal;

const quantile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
};

const both = (times: readonly number[]): string =>
  `${milliseconds(quantile(times, 0.5))} / ${milliseconds(quantile(times, 0.99))}`;

/** A log with its leadership, that commits batches of `count` tasks of about 300 bytes. */
const newWriter = async (client: EtcdClient) => {
  const key = randomBytes(32);
  const clusterId = randomBytes(8).toString("hex");
  const log: EtcdLog = await openEtcdLog({
    client,
    clusterId,
    key,
    leaseSeconds: LEASE_SECONDS,
    logger: silentLogger,
  });
  const { term } = await log.campaign("bench", never);
  let index = 0;
  const commit = async (count: number): Promise<number> => {
    index += 1;
    const records = Array.from({ length: count }, (_, n) => ({
      key: `tasks/${(index * 7 + n) % 5_000}`,
      value: { index, filler: "x".repeat(280) },
    }));
    const began = performance.now();
    await log.commit({ index, term, records });
    return performance.now() - began;
  };
  return { commit, close: () => log.close() };
};

const latencies = async (members: Members, count: number, commits: number): Promise<string> => {
  const client = members.clients.at(0);
  if (client === undefined) throw new Error("there is no member");
  const writer = await newWriter(client);
  const times: number[] = [];
  for (let n = 0; n < commits; n += 1) times.push(await writer.commit(count));
  await writer.close();
  return both(times);
};

const leaderOf = async ({ clients }: Members): Promise<number> => {
  const statuses = await Promise.all(clients.map((client) => client.status()));
  return statuses.findIndex(({ memberId, leader }) => memberId === leader);
};

/** Kills the leader of etcd; from then to the next commit through another member. */
const outage = async (members: Members): Promise<number> => {
  const at = await leaderOf(members);
  const client = members.clients.at((at + 1) % members.clients.length);
  if (client === undefined) throw new Error("there is no other member");
  const writer = await newWriter(client);
  await writer.commit(3);
  members.kill(at);
  const began = performance.now();
  await writer.commit(3);
  const time = performance.now() - began;
  await writer.close();
  for (;;)
    try {
      await members.clients[at]?.status({ timeoutMs: 1_000 });
      return time;
    } catch {
      // It is not back yet.
    }
};

const outages = async (members: Members): Promise<string> => {
  const times: number[] = [];
  for (let n = 0; n < KILLS; n += 1) times.push(await outage(members));
  return `${milliseconds(quantile(times, 0.5))} / ${milliseconds(Math.max(...times))}`;
};

const measure = async (count: number, members: Members): Promise<readonly string[]> => {
  try {
    const small = await latencies(members, 3, COMMITS);
    const large = await latencies(members, RECORDS, LARGE_COMMITS);
    return count === 1 ? [small, large] : [small, large, await outages(members)];
  } finally {
    await members.remove();
  }
};

/** The table of this suite. */
export const etcd = async (): Promise<readonly Row[]> => {
  const rows: Row[] = [];
  for (const count of [1, 3]) {
    const carried = await measure(count, await carriedMembers(count));
    const direct = await measure(count, await directMembers(count));
    const what = [
      `commit of 3 tasks, ${count} members (p50 / p99)`,
      `commit of ${RECORDS} tasks, ${count} members (p50 / p99)`,
      "kill -9 of etcd's leader to the next commit (p50 / worst)",
    ];
    carried.forEach((skein, at) =>
      rows.push({ what: `${what[at]}; direct: ${direct[at]}`, skein, peer: "" }),
    );
  }
  return rows;
};
