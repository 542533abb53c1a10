import {
  certificateChecks,
  clockChecks,
  clusterChecks,
  diskChecks,
  engineChecks,
  kernelChecks,
  managerChecks,
  networkChecks,
  portChecks,
} from "@skein/agent";
import type { Diagnostics, EngineFacts, NeededPort } from "@skein/agent";
import type { Clock } from "@skein/base";
import { messageOf } from "@skein/base";
import { leafOf, probeDisk, validityOf } from "@skein/platform";
import type { EngineExecutor } from "@skein/platform";
import type { Check } from "@skein/wire";
import { absentManager, managerFacts } from "./manager-facts.ts";
import type { MembershipState } from "../membership/membership.ts";
import { CLUSTER_PORT, splitHostPort } from "../membership/addresses.ts";

/** What the checks of a node look at. */
export interface NodeUnderTest {
  readonly clock: Clock;
  readonly dataDir: string;
  readonly executor: EngineExecutor;
  readonly diagnostics: Diagnostics;
  /** What overlay networks need and this host lacks. */
  readonly requirements: () => Promise<readonly string[]>;
  readonly state: MembershipState;
  /** Differences of networks are repaired, not only told. */
  readonly repair: boolean;
}

/** Checks that belong together. One that rejects is shown as a problem. */
export interface DoctorGroup {
  readonly name: string;
  readonly examine: (node: NodeUnderTest) => Promise<readonly Check[]> | readonly Check[];
}

/** How long the engine may take to answer, in milliseconds. */
const ENGINE_MS = 3000;

const askEngine = async ({ clock, executor }: NodeUnderTest): Promise<EngineFacts> => {
  const began = clock.monotonic();
  try {
    const { Engine } = await executor.describe(AbortSignal.timeout(ENGINE_MS));
    const tookMs = Math.round(clock.monotonic() - began);
    return { version: Engine.EngineVersion ?? "unknown", tookMs };
  } catch (error) {
    return { failure: messageOf(error) };
  }
};

const neededPorts = ({ state }: NodeUnderTest): readonly NeededPort[] => {
  if (state.kind !== "active") return [];
  const { manager, agent, local } = state.active;
  const port = splitHostPort(local.listenAddr, CLUSTER_PORT)?.port ?? CLUSTER_PORT;
  return [
    ...(manager
      ? [{ protocol: "tcp", port, purpose: "calls between nodes", ours: true } as const]
      : []),
    {
      protocol: "udp",
      port: agent.dataPathPort(),
      purpose: "traffic between containers (VXLAN)",
      ours: false,
    },
  ];
};

/** All groups, in the order in which they are shown: what the others rest on comes first. */
export const groups: readonly DoctorGroup[] = [
  { name: "engine", examine: async (node) => engineChecks(await askEngine(node)) },
  { name: "disk", examine: async ({ dataDir }) => diskChecks(await probeDisk(dataDir)) },
  { name: "kernel", examine: async ({ requirements }) => kernelChecks(await requirements()) },
  {
    name: "cluster",
    examine: ({ state }) =>
      clusterChecks({
        state: state.kind,
        ...(state.kind === "error" ? { message: state.message } : {}),
        ...(state.kind === "active"
          ? { connected: state.active.agent.connected(), managers: state.active.agent.remotes() }
          : {}),
      }),
  },
  {
    name: "certificate",
    examine: ({ state, clock }) => {
      if (state.kind !== "active") return [];
      const credentials = state.active.agent.credentials();
      if (!credentials) return [];
      const { notBefore, notAfter } = validityOf(leafOf(credentials.certificatePem));
      return certificateChecks({ validFrom: notBefore, validTo: notAfter }, clock.now());
    },
  },
  {
    name: "clock",
    examine: ({ state }) =>
      state.kind === "active" ? clockChecks(state.active.agent.clockOffsetMs()) : [],
  },
  {
    name: "ports",
    examine: async (node) => {
      const needed = neededPorts(node);
      if (needed.length === 0) return [];
      const ranges = needed.map(({ protocol, port }) => ({ protocol, first: port, last: port }));
      return portChecks(needed, await node.diagnostics.listeners(ranges), process.pid);
    },
  },
  {
    name: "managers",
    examine: async ({ state, clock }) => {
      const manager = state.kind === "active" ? state.active.manager : undefined;
      if (manager) return managerChecks(await managerFacts(manager), clock.now());
      if (state.kind !== "active" || state.active.local.role === "worker") return [];
      return [absentManager(state.active.managerProblem)];
    },
  },
  {
    name: "network",
    examine: async ({ state, repair, clock }) =>
      state.kind === "active"
        ? networkChecks(await state.active.agent.networkHealth(repair), clock.now())
        : [],
  },
];
