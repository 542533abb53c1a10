// Goal: how many managers may still fail, and what is wrong with their store, is said in words.
// Method: facts given, statuses and findings wanted.
import { expect, test } from "vitest";
import type { ManagerFacts } from "./manager-checks.ts";
import { managerChecks } from "./manager-checks.ts";

const NOW = 1_700_000_000_000;
const DAY = 86_400_000;

const member = (name: string, isReachable = true, isLearner = false) => ({
  name,
  isReachable,
  isLearner,
});

const facts = (store: Partial<NonNullable<ManagerFacts["store"]>> = {}): ManagerFacts => ({
  leader: "host1",
  certificates: [["host1", NOW + 30 * DAY]],
  store: {
    version: "3.4.23",
    hasQuorum: true,
    members: [member("host1"), member("host2"), member("host3")],
    alarms: [],
    dbBytes: 20 * 1_048_576,
    dbUsedBytes: 3 * 1_048_576,
    quotaBytes: 8192 * 1_048_576,
    ...store,
  },
});

const found = (given: ManagerFacts): readonly string[] =>
  managerChecks(given, NOW).map(({ Name, Status, Finding }) => `${Status} ${Name}: ${Finding}`);

test("three managers that are there", () => {
  expect(found(facts())).toEqual([
    "ok leader: host1 leads",
    "ok quorum: 3 of 3 managers are there, 2 are needed: 1 more may fail",
    "ok etcd: version 3.4.23 answers",
    "ok database: 20 MiB, 3 in use, of 8192",
  ]);
});

test("one of three is away: no other may fail", () => {
  const members = [member("host1"), member("host2"), member("host3", false)];
  expect(found(facts({ members }))).toContain(
    "warning quorum: 2 of 3 managers are there, 2 are needed: no other may fail",
  );
});

test("a learner does not count, and is shown; an even number is no use", () => {
  const members = [member("host1"), member("host2"), member("host3", true, true)];
  const checks = found(facts({ members }));
  expect(checks).toContain("warning learner: host3 still catches up and has no vote");
  expect(checks).toContain("warning number: 2 managers bear no more failures than 1");
});

test("without a quorum, and without a leader", () => {
  const { leader: _, ...rest } = facts({ hasQuorum: false, members: [] });
  expect(found(rest).slice(0, 2)).toEqual([
    "problem leader: no manager leads: nothing in the cluster changes",
    "problem quorum: no majority of the managers answers",
  ]);
});

test("a full database, and one that soon is", () => {
  const full = facts({ alarms: ["no-space", "no-space"], dbUsedBytes: 8000 * 1_048_576 });
  expect(found(full).slice(-2)).toEqual([
    "warning database: 20 MiB, 8000 in use, of 8192",
    "problem alarm: the database is full: the state can be read, and not changed",
  ]);
});

test("a member that does not answer", () => {
  const { store: _, ...rest } = facts();
  expect(found({ ...rest, storeFailure: "no answer" })).toContain(
    "problem quorum: etcd does not answer here: no answer",
  );
});

test("a single manager has no quorum to lose, and needs backups", () => {
  const { store: _, ...rest } = facts();
  expect(found(rest)).toEqual([
    "ok leader: host1 leads",
    "ok quorum: one manager, with the state on its disk: keep backups of it (skein backup)",
  ]);
});

test("an etcd that somebody else runs: what it says of itself is told, its members are not ours", () => {
  const { store: _, ...rest } = facts();
  expect(found({ ...rest, external: { version: "3.5.1", alarms: ["no-space"] } })).toEqual([
    "ok leader: host1 leads",
    "ok etcd: the state is in the etcd of --store-endpoints: version 3.5.1 answers",
    "problem alarm: the database is full: the state can be read, and not changed",
  ]);
});

test("a manager's certificate that nobody renews", () => {
  const checks = found({ ...facts(), certificates: [["host2", NOW + DAY / 2]] });
  expect(checks.at(-1)).toBe("problem certificates: the certificate of host2 ends in 12 h");
});
