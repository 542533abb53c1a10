import { setTimeout as sleep } from "node:timers/promises";
import type { Node } from "@skein/wire";
import type { Host } from "../support/hosts.ts";
import type { Clients } from "./clients.ts";
import type { Observer, Run } from "./cluster.ts";
import { elapsedUntil } from "./cluster.ts";
import type { Fault } from "./faults.ts";
import { inflict, repair } from "./faults.ts";

/** A leader that is frozen stays so for longer than its lease, and shorter than until its node is down. */
const FREEZE_MS = 3500;
/** How often the nodes' states are looked at meanwhile, in milliseconds. */
const WATCH_MS = 200;

const NS_PER_MS = 1e6;

/** What came of a round. Times are in milliseconds from the fault on. */
export interface Round {
  readonly fault: Fault;
  /** Until a write that was begun after the fault was acknowledged. */
  readonly writeMs: number;
  /** Until the node was Down, when it stays away. */
  readonly downMs?: number;
  /** Until all replicas ran again, on other nodes. */
  readonly replicasMs?: number;
  /** From the repair on until the manager was Ready and Reachable again. */
  readonly backMs: number;
  /** What should not have been. */
  readonly problems: readonly string[];
}

export interface RoundInput {
  readonly observer: Observer;
  readonly clients: Clients;
  readonly replicas: number;
  readonly fault: Fault;
}

const isGood = ({ Status, ManagerStatus, Spec }: Node): boolean =>
  Status.State === "ready" &&
  (Spec.Role !== "manager" || ManagerStatus?.Reachability === "reachable");

/** A cluster in which nothing is amiss. */
export interface Whole {
  readonly leader: Host;
  readonly leaderId: string;
  readonly runs: readonly Run[];
}

const look = async (observer: Observer, replicas: number): Promise<Whole | undefined> => {
  for (const manager of observer.managers) {
    const nodes = await observer.nodes(manager);
    const runs = await observer.runs(manager);
    if (!nodes.every(isGood) || runs.length !== replicas) return undefined;
    const found = nodes.find(({ ManagerStatus }) => ManagerStatus?.Leader);
    const leader = found && observer.hostOf(found);
    if (!leader) return undefined;
    if (manager === observer.managers.at(-1)) return { leader, leaderId: found.ID, runs };
  }
  return undefined;
};

/** Waits until every manager shows that all nodes are there, one leads, and all replicas run. */
export const untilWhole = async (observer: Observer, replicas: number): Promise<Whole> => {
  let whole: Whole | undefined;
  await elapsedUntil("all is well", performance.now(), async () => {
    whole = await look(observer, replicas);
    return whole !== undefined;
  });
  if (!whole) throw new Error("nothing was seen");
  return whole;
};

/** Notes which nodes that nothing happened to are not ready, as a living manager says. */
const watchOthers = (
  { observer }: RoundInput,
  at: Host,
  victim: Host,
): { readonly seen: ReadonlySet<string>; readonly stop: () => Promise<void> } => {
  const seen = new Set<string>();
  const end = new AbortController();
  const note = async (): Promise<void> => {
    for (const node of await observer.nodes(at)) {
      const host = observer.hostOf(node);
      if (node.Status.State !== "ready" && host && host !== victim)
        seen.add(`${host.name} was ${node.Status.State} while ${victim.name} was hit`);
    }
  };
  const work = async (): Promise<void> => {
    while (!end.signal.aborted) {
      await note().catch(() => {
        // Nobody leads just now.
      });
      await sleep(WATCH_MS);
    }
  };
  const working = work();
  return {
    seen,
    stop: async () => {
      end.abort();
      await working;
    },
  };
};

/**
 * When the first write that was begun after the fault was acknowledged, in ms after it. `from` is how
 * long the history was before.
 */
const firstWrite = async (
  { clients }: RoundInput,
  since: number,
  from: number,
): Promise<number> => {
  const offset = Number(process.hrtime.bigint()) - performance.now() * NS_PER_MS;
  const begin = since * NS_PER_MS + offset;
  let end = begin;
  await elapsedUntil("a write succeeds", since, () => {
    const done = clients.history
      .slice(from)
      .filter(({ op, result, start }) => op !== "read" && result.kind === "ok" && start > begin);
    if (done.length > 0) end = Math.min(...done.map((write) => write.end));
    return Promise.resolve(done.length > 0);
  });
  return (end - begin) / NS_PER_MS;
};

const same = (run: Run, other: Run): boolean =>
  run.task === other.task && run.container === other.container && run.pid === other.pid;

/** Tasks of nodes that nothing happened to and that are not as they were. */
const disturbed = (
  before: readonly Run[],
  after: readonly Run[],
  victim: string | undefined,
): readonly string[] =>
  before
    .filter((run) => run.node !== victim && !after.some((other) => same(run, other)))
    .map(({ task, node }) => `task ${task} on node ${node} did not go on`);

const away = async (
  { observer, replicas }: RoundInput,
  at: Host,
  { victim, since }: { readonly victim: Host; readonly since: number },
): Promise<Pick<Round, "downMs" | "replicasMs">> => {
  const nodeOfVictim = async (): Promise<Node | undefined> =>
    (await observer.nodes(at)).find((node) => observer.hostOf(node) === victim);
  const downMs = await elapsedUntil(`${victim.name} is down`, since, async () => {
    return (await nodeOfVictim())?.Status.State === "down";
  });
  const gone = (await nodeOfVictim())?.ID;
  const replicasMs = await elapsedUntil("all replicas run elsewhere", since, async () => {
    const runs = await observer.runs(at);
    return runs.filter(({ node }) => node !== gone).length === replicas;
  });
  return { downMs, replicasMs };
};

/** One fault of the leader, from a whole cluster to a whole cluster. */
export const playRound = async (input: RoundInput): Promise<Round> => {
  const { observer, clients, fault, replicas } = input;
  const { playground } = observer;
  const { leader: victim, leaderId, runs: before } = await untilWhole(observer, replicas);
  const at = observer.managers.find((host) => host !== victim);
  if (!at) throw new Error("one manager alone can't be hit");
  const others = watchOthers(input, at, victim);
  try {
    const from = clients.history.length;
    const since = await inflict(playground, victim, fault);
    const writeMs = await firstWrite(input, since, from);
    const isAway = fault === "host" || fault === "cut";
    const absence = isAway ? await away(input, at, { victim, since }) : {};
    if (fault === "freeze") await sleep(Math.max(0, since + FREEZE_MS - performance.now()));
    const repairing = performance.now();
    await repair(playground, victim, fault);
    const { runs: after } = await untilWhole(observer, replicas);
    const backMs = performance.now() - repairing;
    const problems = [...others.seen, ...disturbed(before, after, leaderId)];
    return { fault, writeMs, ...absence, backMs, problems };
  } finally {
    await others.stop();
  }
};
