import { OperationError, rpcError } from "@skein/base";
import type {
  Config,
  EventMessage,
  Network,
  Node,
  ObjectMeta,
  Secret,
  Service,
  Swarm,
  SwarmInfo,
  Task,
} from "@skein/wire";
import type { Backend, LocalNetworkView, LogLine, NamedNetwork } from "../backend.ts";

/** What a test puts in, and what the routes did with it. */
export interface MemoryCluster {
  /** Undefined: every call is refused as on a node outside a swarm. */
  swarm: Swarm | undefined;
  info: SwarmInfo;
  readonly nodes: Map<string, Node>;
  readonly services: Map<string, Service>;
  readonly tasks: Map<string, Task>;
  readonly secrets: Map<string, Secret>;
  readonly configs: Map<string, Config>;
  readonly networks: Map<string, Network>;
  /** The cluster's networks that this node has, by the engine's below. */
  readonly local: Map<string, NamedNetwork>;
  /** What this node knows of each of them. */
  view: LocalNetworkView | undefined;
  /** Attaching containers is refused with this. */
  refusal: Error | undefined;
  logs: { tty: boolean; lines: readonly LogLine[]; failure?: string };
  readonly events: EventMessage[];
  /** Every call that got through, with its input. */
  readonly calls: { readonly name: string; readonly input: unknown }[];
}

const inactiveInfo: SwarmInfo = {
  NodeID: "",
  NodeAddr: "",
  LocalNodeState: "inactive",
  ControlAvailable: false,
  Error: "",
  RemoteManagers: null,
};

export const newMemoryCluster = (swarm?: Swarm): MemoryCluster => ({
  swarm,
  info: swarm
    ? { ...inactiveInfo, NodeID: "n1", LocalNodeState: "active", ControlAvailable: true }
    : inactiveInfo,
  nodes: new Map(),
  services: new Map(),
  tasks: new Map(),
  secrets: new Map(),
  configs: new Map(),
  networks: new Map(),
  local: new Map(),
  view: undefined,
  refusal: undefined,
  logs: { tty: false, lines: [] },
  events: [],
  calls: [],
});

const NOT_A_MANAGER =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect ' +
  "this node to swarm and try again.";

const find = <T>(objects: ReadonlyMap<string, T>, word: string, ref: string): T => {
  const object = objects.get(ref);
  if (object === undefined) throw new OperationError("not-found", `${word} ${ref} not found`);
  return object;
};

const checkVersion = ({ Version }: ObjectMeta, version: number): void => {
  if (Version.Index !== version) throw rpcError("unknown", "update out of sequence");
};

/** A small cluster in memory, by reference only: enough to see what the routes ask and answer. */
export const memoryBackend = (cluster: MemoryCluster): Backend => {
  let created = 0;
  const enter = (name: string, input: unknown): Swarm => {
    if (!cluster.swarm) throw new OperationError("unavailable", NOT_A_MANAGER);
    cluster.calls.push({ name, input });
    return cluster.swarm;
  };
  const meta = (): ObjectMeta => {
    created += 1;
    const time = "2024-05-01T10:00:00Z";
    return { ID: `id${created}`, Version: { Index: 10 }, CreatedAt: time, UpdatedAt: time };
  };
  const collection = <T extends ObjectMeta & { readonly Spec: { readonly Name?: string } }>(
    word: string,
    objects: Map<string, T>,
  ) => ({
    list: async (input: unknown) => {
      enter(`${word}.list`, input);
      return [...objects.values()];
    },
    get: async (input: { readonly ref: string }) => {
      enter(`${word}.get`, input);
      return find(objects, word, input.ref);
    },
    update: async (input: { readonly ref: string; readonly version: number }) => {
      enter(`${word}.update`, input);
      checkVersion(find(objects, word, input.ref), input.version);
    },
    remove: async (input: { readonly ref: string }) => {
      enter(`${word}.remove`, input);
      objects.delete(find(objects, word, input.ref).Spec.Name ?? input.ref);
    },
  });
  return {
    backup: {
      make: ({ passphrase }) => {
        enter("backup.make", { passphrase });
        return Promise.resolve(
          (async function* lines() {
            yield "a backup\n";
            yield `protected by ${passphrase.length} letters\n`;
          })(),
        );
      },
      restore: (input) => {
        cluster.calls.push({ name: "backup.restore", input });
        return Promise.resolve("restored");
      },
    },
    diagnosis: {
      examine: async (input) => {
        cluster.calls.push({ name: "diagnosis.examine", input });
        return { NodeID: "node1", Hostname: "host1", Groups: [] };
      },
      trace: async (input) => {
        cluster.calls.push({ name: "diagnosis.trace", input });
        const { source: Source, destination: Destination } = input;
        return { Source, Destination, Reached: true, Hops: [] };
      },
    },
    swarm: {
      init: async (input) => {
        cluster.calls.push({ name: "swarm.init", input });
        return "node1";
      },
      join: async (input) => {
        cluster.calls.push({ name: "swarm.join", input });
      },
      leave: async (input) => {
        cluster.calls.push({ name: "swarm.leave", input });
      },
      inspect: async () => enter("swarm.inspect", undefined),
      update: async (input) => checkVersion(enter("swarm.update", input), input.version),
      unlockKey: async () => {
        enter("swarm.unlockKey", undefined);
        return "";
      },
      unlock: async (input) => {
        enter("swarm.unlock", input);
        throw new OperationError("conflict", "swarm is not locked");
      },
    },
    nodes: collection("node", cluster.nodes),
    services: {
      ...collection("service", cluster.services),
      create: async (input) => {
        enter("service.create", input);
        const service = { ...meta(), Spec: input.spec, Endpoint: { Spec: {} } };
        cluster.services.set(input.spec.Name ?? "", service);
        return { ID: service.ID };
      },
      update: async (input) => {
        enter("service.update", input);
        checkVersion(find(cluster.services, "service", input.ref), input.version);
        return { Warnings: null };
      },
    },
    tasks: {
      list: async (input) => {
        enter("task.list", input);
        return [...cluster.tasks.values()];
      },
      get: async (input) => {
        enter("task.get", input);
        return find(cluster.tasks, "task", input.ref);
      },
    },
    secrets: {
      ...collection("secret", cluster.secrets),
      create: async (input) => {
        enter("secret.create", input);
        const secret = { ...meta(), Spec: input.spec };
        cluster.secrets.set(input.spec.Name ?? "", secret);
        return { ID: secret.ID };
      },
    },
    configs: {
      ...collection("config", cluster.configs),
      create: async (input) => {
        enter("config.create", input);
        const config = { ...meta(), Spec: input.spec };
        cluster.configs.set(input.spec.Name ?? "", config);
        return { ID: config.ID };
      },
    },
    networks: {
      list: async () => [...cluster.networks.values()],
      get: async ({ ref }) => find(cluster.networks, "network", ref),
      create: async (input) => {
        enter("network.create", input);
        throw new OperationError("not-implemented", "overlay networks are not supported");
      },
      remove: async (input) => {
        enter("network.remove", input);
        cluster.networks.delete(input.ref);
      },
      prune: async (input) => {
        enter("network.prune", input);
        const names = [...cluster.networks.keys()];
        cluster.networks.clear();
        return names;
      },
    },
    attachments: {
      local: () => cluster.local,
      view: () => cluster.view,
      find: async ({ ref }) => {
        const named = [...cluster.networks.values()].find(
          ({ Id, Name }) => Id === ref || Name === ref,
        );
        return named && { id: named.Id, name: named.Name };
      },
      hold: async (input) => {
        enter("attachments.hold", input);
        if (cluster.refusal) throw cluster.refusal;
        const places = input.places.map(({ networkId, addresses }) => ({
          networkId,
          network: `skein-1-${networkId}`,
          mac: "02:42:0a:00:05:07",
          endpoint: { IPAMConfig: { IPv4Address: addresses[0] ?? "10.0.5.7" } },
          gateways: ["10.0.5.2"],
        }));
        return { id: input.id ?? "made-up", places };
      },
      restore: async (input) => {
        enter("attachments.restore", input);
        if (cluster.refusal) throw cluster.refusal;
      },
      settle: async (input) => {
        if (cluster.swarm) enter("attachments.settle", input);
      },
      nameServers: () => ["192.0.2.53"],
    },
    logs: {
      open: async (input) => {
        enter("logs.open", { selector: input.selector, options: input.options });
        const { tty, lines, failure } = cluster.logs;
        async function* read(): AsyncGenerator<LogLine> {
          yield* lines;
          if (failure !== undefined) throw new Error(failure);
        }
        return { tty, lines: read() };
      },
    },
    events: {
      async *subscribe({ since, follow, signal }) {
        for (const event of cluster.events)
          if (since !== undefined && BigInt(event.timeNano ?? 0) >= since) yield event;
        if (follow && !signal.aborted)
          await new Promise<void>((resolve) => {
            signal.addEventListener("abort", () => resolve(), { once: true });
          });
      },
    },
    info: {
      swarm: async () => cluster.info,
      status: () => ({
        state: cluster.info.LocalNodeState,
        manager: cluster.info.ControlAvailable,
      }),
    },
  };
};
