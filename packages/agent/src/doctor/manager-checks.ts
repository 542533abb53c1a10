import type { Check } from "@skein/wire";
import { ok, problem, warning } from "./checks.ts";

/** A member of the quorum. */
export interface MemberFacts {
  /** The hostname of its manager, or what else is known of it. */
  readonly name: string;
  readonly isLearner: boolean;
  /** Whether its manager's node answers. */
  readonly isReachable: boolean;
}

/** What a manager knows of the managers and of the store of their state. */
export interface ManagerFacts {
  /** The hostname of the manager that leads; absent: none. */
  readonly leader?: string;
  /** Without: the state is on this manager's disk alone. */
  readonly store?: {
    readonly version: string;
    readonly hasQuorum: boolean;
    /** None without a quorum. */
    readonly members: readonly MemberFacts[];
    readonly alarms: readonly ("no-space" | "corrupt")[];
    readonly dbBytes: number;
    readonly dbUsedBytes: number;
    readonly quotaBytes: number;
  };
  /** Instead of the store: an etcd that somebody else runs. */
  readonly external?: {
    readonly version: string;
    readonly alarms: readonly ("no-space" | "corrupt")[];
  };
  /** Why the store could not be asked. */
  readonly storeFailure?: string;
  /** When the managers' certificates end: hostname, milliseconds since the epoch. */
  readonly certificates: readonly (readonly [name: string, expires: number])[];
}

const MIB = 1_048_576;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Of the quota; upkeep rewrites the file long before. */
const FULL_SHARE = 0.8;
/** Renewed in the second half of their life: what is so near to its end was not. */
const CERTIFICATE_DAYS = 1;

const RECOVER =
  "bring managers back; if they are lost for good, run docker swarm init --force-new-cluster on this one";

const leaderCheck = ({ leader }: ManagerFacts): Check =>
  leader === undefined
    ? problem("leader", "no manager leads: nothing in the cluster changes", RECOVER)
    : ok("leader", `${leader} leads`);

const externalChecks = ({
  version,
  alarms,
}: NonNullable<ManagerFacts["external"]>): readonly Check[] => [
  ok("etcd", `the state is in the etcd of --store-endpoints: version ${version} answers`),
  ...[...new Set(alarms)].map((alarm) =>
    problem("alarm", ALARMS[alarm].finding, "whoever runs that etcd must see to it"),
  ),
];

const quorumChecks = ({ store, external, storeFailure }: ManagerFacts): readonly Check[] => {
  if (storeFailure !== undefined)
    return [
      problem("quorum", `etcd does not answer here: ${storeFailure}`, "see the daemon's log"),
    ];
  if (external) return externalChecks(external);
  if (!store)
    return [
      ok("quorum", "one manager, with the state on its disk: keep backups of it (skein backup)"),
    ];
  if (!store.hasQuorum) return [problem("quorum", "no majority of the managers answers", RECOVER)];
  const voters = store.members.filter(({ isLearner }) => !isLearner);
  const reachable = voters.filter(({ isReachable }) => isReachable).length;
  const needed = Math.floor(voters.length / 2) + 1;
  const spare = reachable - needed;
  const found = `${reachable} of ${voters.length} managers are there, ${needed} are needed`;
  const margin =
    spare > 0
      ? ok("quorum", `${found}: ${spare} more may fail`)
      : warning("quorum", `${found}: no other may fail`, "bring managers back, or add some");
  const learners = store.members
    .filter(({ isLearner }) => isLearner)
    .map(({ name }) =>
      warning(
        "learner",
        `${name} still catches up and has no vote`,
        "wait; see its log if it lasts",
      ),
    );
  return [margin, ...learners, ...evenCheck(voters.length)];
};

const evenCheck = (voters: number): readonly Check[] =>
  voters % 2 === 0
    ? [
        warning(
          "number",
          `${voters} managers bear no more failures than ${voters - 1}`,
          "use 3, 5 or 7: promote or demote one",
        ),
      ]
    : [];

const ALARMS = {
  "no-space": {
    finding: "the database is full: the state can be read, and not changed",
    advice: "it is cleared by itself when there is room: make room on the managers' disks",
  },
  corrupt: {
    finding: "a member's data differs from that of the others",
    advice: "demote the manager whose log tells of it, then promote it again",
  },
} as const;

const mib = (bytes: number): number => Math.ceil(bytes / MIB);

const storeChecks = ({ store }: ManagerFacts): readonly Check[] => {
  if (!store) return [];
  const { version, dbBytes, dbUsedBytes, quotaBytes, alarms } = store;
  const size = `${mib(dbBytes)} MiB, ${mib(dbUsedBytes)} in use, of ${mib(quotaBytes)}`;
  const isFull = dbUsedBytes > FULL_SHARE * quotaBytes;
  return [
    ok("etcd", `version ${version} answers`),
    isFull
      ? warning("database", size, "remove services, secrets and configs that nobody needs")
      : ok("database", size),
    ...[...new Set(alarms)].map((alarm) => {
      const { finding, advice } = ALARMS[alarm];
      return problem("alarm", finding, advice);
    }),
  ];
};

const certificateChecks = ({ certificates }: ManagerFacts, now: number): readonly Check[] =>
  certificates
    .filter(([, expires]) => expires - now < CERTIFICATE_DAYS * DAY_MS)
    .map(([name, expires]) =>
      problem(
        "certificates",
        expires < now
          ? `the certificate of ${name} has expired`
          : `the certificate of ${name} ends in ${Math.ceil((expires - now) / HOUR_MS)} h`,
        "see whether its daemon runs and reaches a manager: it renews by itself",
      ),
    );

/** The managers as one of them sees them: who leads, how many may fail, and how their store is. `now` in ms. */
export const managerChecks = (facts: ManagerFacts, now: number): readonly Check[] => [
  leaderCheck(facts),
  ...quorumChecks(facts),
  ...storeChecks(facts),
  ...certificateChecks(facts, now),
];
