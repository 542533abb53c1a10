import type {
  EndpointFacts,
  EndpointQuestion,
  NodeAnswers,
  NodeQuestion,
  PathFacts,
  PathQuestion,
  QuestionKind,
} from "@skein/model";
import { OperationError, unreachable } from "@skein/base";
import type { DoctorReport } from "@skein/wire";
import { bridgeName } from "../network/names.ts";
import type { Dataplane } from "../network/ports.ts";
import type { LiveNetwork } from "../network/tables/live-network.ts";
import type { Networking } from "../networking/networking.ts";
import type { ContainerState, Executor } from "../ports.ts";
import { differencesOf } from "./differences.ts";
import type { Diagnostics, InsideFacts } from "./ports.ts";

/** Something to be reached on whatever port: nobody listens there, and a refusal is an answer. */
const ANY_PORT = 9;

/** Port on which every node answers names. */
const NAMES_PORT = 53;

export interface AnswerDependencies {
  readonly executor: Pick<Executor, "inspect">;
  /** A task's container. */
  readonly containerOf: (taskId: string) => string | undefined;
  readonly networking: Networking;
  readonly dataplane: Dataplane;
  readonly diagnostics: Diagnostics;
  /** This node's checks. */
  readonly examine: (groups: readonly string[], repair: boolean) => Promise<DoctorReport>;
}

const nowhere: InsideFacts = { addresses: [], interfaces: [], listeners: [] };

const containerOf = async (
  deps: AnswerDependencies,
  { endpointId, name, isTask }: Pick<EndpointQuestion, "endpointId" | "name" | "isTask">,
): Promise<ContainerState | undefined> => {
  const container = isTask ? (deps.containerOf(endpointId) ?? name) : name;
  return deps.executor.inspect(container, new AbortController().signal);
};

const networkOf = ({ networking }: AnswerDependencies, id: string): LiveNetwork | undefined =>
  networking.tables.networks.get(id);

const answerEndpoint = async (
  deps: AnswerDependencies,
  question: EndpointQuestion,
): Promise<EndpointFacts> => {
  const { networkId, addresses, others } = question;
  const [container, differences, warnings] = await Promise.all([
    containerOf(deps, question),
    deps.dataplane.compare(),
    deps.dataplane.warnings(),
  ]);
  const isUp = container?.phase === "running" && container.pid > 0;
  const inside = isUp ? await deps.diagnostics.inside(container.pid) : nowhere;
  const bridge = bridgeName(networkId);
  const ends = inside.interfaces.filter((one) => one.bridge === bridge);
  const about = {
    addresses: [...addresses, ...others],
    ports: ends.map((end) => end.port),
  };
  return {
    ...(container
      ? {
          container: {
            phase: container.phase,
            ...(container.health === undefined ? {} : { health: container.health }),
          },
        }
      : {}),
    addresses: inside.addresses,
    bridged: ends.some((end) => end.addresses.some((one) => addresses.includes(one))),
    listeners: inside.listeners,
    knowsNetwork: networkOf(deps, networkId) !== undefined,
    differences: differencesOf(differences, networkId, about),
    warnings,
  };
};

const backendsOf = (
  network: LiveNetwork,
  vips: readonly string[],
): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    [...network.services.values()].flatMap((service) =>
      service.vips.flatMap((vip, index) => {
        if (!vips.includes(vip)) return [];
        const held = network.activeOf(service.id).flatMap((task) => task.addresses[index] ?? []);
        return [[vip, held] as const];
      }),
    ),
  );

const targetsAt = (
  addresses: readonly string[],
  port: number,
): readonly { readonly address: string; readonly port: number }[] =>
  addresses.map((address) => ({ address, port }));

const answerPath = async (deps: AnswerDependencies, question: PathQuestion): Promise<PathFacts> => {
  const { networkId, name, addresses, port, vips, peers } = question;
  const network = networkOf(deps, networkId);
  const container = await containerOf(deps, { ...question, name: question.endpointName });
  const pid = container?.phase === "running" ? container.pid : 0;
  const targets = targetsAt(addresses, port === 0 ? ANY_PORT : port);
  const [within, host] = await Promise.all([
    pid === 0
      ? { unresolved: "the container does not run", reached: {} }
      : deps.diagnostics.probe(pid, { name, targets }),
    deps.diagnostics.probe(0, {
      name: "",
      targets: [
        ...targetsAt(
          peers.map(({ gateway }) => gateway),
          NAMES_PORT,
        ),
        ...targetsAt(
          peers.map(({ underlay }) => underlay),
          ANY_PORT,
        ),
      ],
    }),
  ]);
  return { ...within, backends: network ? backendsOf(network, vips) : {}, peers: host.reached };
};

/** Answers a manager's question. Rejects with what stood in the way. */
export const answerQuestion = async (
  deps: AnswerDependencies | undefined,
  question: NodeQuestion,
): Promise<NodeAnswers[QuestionKind]> => {
  if (!deps) throw new OperationError("not-implemented", "this node has no overlay networks");
  switch (question.kind) {
    case "listeners": {
      const all = await deps.diagnostics.listeners(question.ranges);
      // The names of containers are answered there, and nowhere else.
      const own = new Set(deps.networking.gateways);
      const listeners = all.filter(({ address }) => !own.has(address));
      const isAny = listeners.length > 0;
      return { listeners, addresses: isAny ? await deps.diagnostics.addresses() : [] };
    }
    case "requirements":
      return { missing: await deps.dataplane.requirements() };
    case "doctor":
      return deps.examine(question.groups, question.repair);
    case "endpoint":
      return answerEndpoint(deps, question);
    case "path":
      return answerPath(deps, question);
    default:
      return unreachable(question);
  }
};
