import { dockerOn } from "../support/docker.ts";
import type { Playground } from "../support/hosts.ts";
import { createService } from "../support/service.ts";
import { Clients } from "./clients.ts";
import { Observer, WITNESS } from "./cluster.ts";
import type { Fault } from "./faults.ts";
import type { Round } from "./round.ts";
import { playRound, untilWhole } from "./round.ts";
import { verdict } from "./verdict.ts";

export interface ChaosOptions {
  /** It is up, with several managers. */
  readonly playground: Playground;
  /** One for each round. */
  readonly faults: readonly Fault[];
  /** No further round is begun after this many milliseconds. */
  readonly limitMs: number;
  readonly seed: number;
  /** Told of each round when it is over. */
  readonly onRound: (round: Round, index: number) => void;
}

export interface ChaosResult {
  readonly rounds: readonly Round[];
  readonly history: Clients["history"];
  /** What should not have been, the rounds' own included. */
  readonly problems: readonly string[];
}

/** Tasks per host: so that each of them has some. */
const REPLICAS_PER_HOST = 2;

/**
 * Hits the leader again and again while clients work at every manager, and judges what they saw.
 * Rejects when the cluster does not become whole again.
 */
export const playChaos = async (options: ChaosOptions): Promise<ChaosResult> => {
  const { playground, faults, limitMs, seed, onRound } = options;
  const observer = new Observer(playground, await playground.hosts());
  const [first] = observer.managers;
  if (!first) throw new Error("no manager");
  const replicas = observer.hosts.length * REPLICAS_PER_HOST;
  await createService(dockerOn(first.socket), WITNESS, [
    "--replicas",
    String(replicas),
    "--restart-delay",
    "100ms",
  ]);
  await untilWhole(observer, replicas);
  const clients = new Clients(observer.managers, seed);
  clients.start();
  const rounds: Round[] = [];
  const end = performance.now() + limitMs;
  try {
    for (const [index, fault] of faults.entries()) {
      if (performance.now() > end) break;
      clients.begin(index);
      const round = await playRound({ observer, clients, replicas, fault });
      rounds.push(round);
      onRound(round, index);
    }
  } finally {
    await clients.stop();
  }
  for (const index of rounds.keys()) await clients.readAll(index);
  const { history, complaints } = clients;
  const own = rounds.flatMap(({ fault, problems }, index) =>
    problems.map((problem) => `round ${index + 1} (${fault}): ${problem}`),
  );
  return { rounds, history, problems: [...own, ...complaints, ...verdict(history)] };
};
