import type { Clock, Random } from "@skein/base";
import { newId } from "@skein/base";
import type { Service } from "@skein/model";
import { convertServiceSpec } from "@skein/model";
import type { Store, View } from "@skein/store";
import type {
  Config as ApiConfig,
  ConfigSpec,
  DoctorReport,
  Network as ApiNetwork,
  NetworkCreateRequest,
  NetworkTrace,
  Node as ApiNode,
  NodeSpec,
  Secret as ApiSecret,
  SecretSpec,
  Service as ApiService,
  ServiceSpec,
  Task as ApiTask,
} from "@skein/wire";
import type { AddressAllocator } from "./allocator/addresses.ts";
import { allocateService } from "./allocator/services.ts";
import { examineNode } from "./control-api/diagnosis.ts";
import type { Examination } from "./control-api/diagnosis.ts";
import { askRequirements, checkRequirements } from "./control-api/ask-requirements.ts";
import { askListeners } from "./control-api/ask-listeners.ts";
import { heldPorts, newPorts, rangesOf, refuseHeldPorts } from "./control-api/held-ports.ts";
import { createNetwork, removeNetwork } from "./control-api/networks.ts";
import { pruneNetworks } from "./control-api/prune-networks.ts";
import { removeNode, updateNode } from "./control-api/nodes.ts";
import {
  createConfig,
  createSecret,
  removeConfig,
  removeSecret,
  updateConfig,
  updateSecret,
} from "./control-api/secrets.ts";
import { createService, removeService, updateService } from "./control-api/services.ts";
import { toApiConfig, toApiNetwork, toApiNode, toApiSecret } from "./present/cluster.ts";
import type { Inquiries } from "./dispatcher/inquiries.ts";
import { traceNetwork } from "./trace/trace.ts";
import type { TraceRequest } from "./trace/trace.ts";
import type { Filters } from "./present/filters.ts";
import {
  filterConfigs,
  filterNodes,
  filterSecrets,
  filterServices,
  filterTasks,
} from "./present/filters.ts";
import {
  findConfig,
  findNetwork,
  findNode,
  findSecret,
  findService,
  findTask,
} from "./present/lookup.ts";
import { freshView } from "./leadership/fresh-view.ts";
import { filterNetworks } from "./present/network-filters.ts";
import { toApiService } from "./present/service.ts";
import { toApiTask } from "./present/task.ts";

export interface ControlDependencies {
  readonly store: Store;
  readonly random: Random;
  /** The leader's: so a service without addresses to be had is refused at once. */
  readonly allocator: AddressAllocator;
  /** The manager that leads now, as far as is known here. */
  readonly leaderId: () => string | undefined;
  readonly clock: Clock;
  /** Asks nodes; undefined while this manager does not lead, or has no sessions. */
  readonly inquiries?: () => Inquiries | undefined;
}

/** A change that is only made if the object still has this version. */
interface Versioned<Spec> {
  readonly ref: string;
  readonly version: number;
  readonly spec: Spec;
}

interface Ref {
  readonly ref: string;
}

interface Filtered {
  readonly filters: Filters;
}

/**
 * The operations on the cluster's objects, as the API calls them: plain data in and out, references
 * resolved here. What an answer shows is durable before the answer is given.
 */
export class Control {
  readonly #deps: ControlDependencies;

  constructor(dependencies: ControlDependencies) {
    this.#deps = dependencies;
  }

  /**
   * What `look` sees in a state that has all that was acknowledged before, and is durable. That
   * something is not there is told when that is durable, too.
   */
  async #read<T>(look: (view: View) => T): Promise<T> {
    const { store, clock } = this.#deps;
    await freshView(store, clock);
    const { view } = store;
    let seen: () => T;
    try {
      const value = look(view);
      seen = () => value;
    } catch (error) {
      seen = () => {
        throw error;
      };
    }
    await store.barrier();
    return seen();
  }

  #newId(): string {
    return newId(this.#deps.random);
  }

  /** Asks the nodes whether programs hold new ports of the service. Gives the ports that are not to be given out. */
  async #refuseHeldPorts(
    spec: ServiceSpec,
    former: Service | undefined,
  ): Promise<ReadonlySet<string>> {
    const { view } = this.#deps.store;
    const ports = newPorts(spec, former);
    const answers = await askListeners(view, this.#deps.inquiries?.(), rangesOf(ports));
    refuseHeldPorts(view, spec, { ports, answers });
    return heldPorts(answers);
  }

  readonly nodes = {
    list: ({ filters }: Filtered): Promise<readonly ApiNode[]> =>
      this.#read((view) =>
        filterNodes(view, filters).map((node) => toApiNode(node, this.#deps.leaderId())),
      ),
    get: ({ ref }: Ref): Promise<ApiNode> =>
      this.#read((view) => toApiNode(findNode(view, ref), this.#deps.leaderId())),
    update: async ({ ref, version, spec }: Versioned<NodeSpec>): Promise<void> => {
      await this.#deps.store.transact((tx) =>
        updateNode(tx, { id: findNode(tx, ref).id, version, spec }),
      );
    },
    remove: async ({ ref, force }: Ref & { readonly force: boolean }): Promise<void> => {
      await this.#deps.store.transact((tx) => removeNode(tx, { id: findNode(tx, ref).id, force }));
    },
  };

  readonly services = {
    list: ({
      filters,
      status,
    }: Filtered & { readonly status: boolean }): Promise<readonly ApiService[]> =>
      this.#read((view) =>
        filterServices(view, filters).map((service) => toApiService(view, service, { status })),
      ),
    get: ({
      ref,
      insertDefaults,
    }: Ref & { readonly insertDefaults: boolean }): Promise<ApiService> =>
      this.#read((view) => toApiService(view, findService(view, ref), { insertDefaults })),
    create: async (input: {
      readonly spec: ServiceSpec;
      readonly registryAuth: string;
    }): Promise<{ readonly ID: string }> => {
      const { store, random, allocator } = this.#deps;
      const id = this.#newId();
      const avoided = await this.#refuseHeldPorts(input.spec, undefined);
      await store.transact((tx) =>
        allocateService(tx, createService(tx, random, { id, ...input }), allocator, avoided),
      );
      return { ID: id };
    },
    update: async ({
      ref,
      ...input
    }: Versioned<ServiceSpec> & {
      readonly registryAuth: string;
      readonly registryAuthFrom: string;
      readonly rollback: string;
    }): Promise<{ readonly Warnings: readonly string[] | null }> => {
      const { store, allocator } = this.#deps;
      // A spec that makes no sense is refused before its service is looked up.
      convertServiceSpec(input.spec);
      const former = findService(store.view, ref);
      // Going back must always be possible.
      const avoided =
        input.rollback === "previous"
          ? new Set<string>()
          : await this.#refuseHeldPorts(input.spec, former);
      await store.transact((tx) =>
        allocateService(
          tx,
          updateService(tx, { id: findService(tx, ref).id, ...input }),
          allocator,
          avoided,
        ),
      );
      return { Warnings: null };
    },
    remove: async ({ ref }: Ref): Promise<void> => {
      await this.#deps.store.transact((tx) => removeService(tx, findService(tx, ref).id));
    },
  };

  readonly tasks = {
    list: ({ filters }: Filtered): Promise<readonly ApiTask[]> =>
      this.#read((view) => filterTasks(view, filters).map((task) => toApiTask(view, task))),
    get: ({ ref }: Ref): Promise<ApiTask> =>
      this.#read((view) => toApiTask(view, findTask(view, ref))),
  };

  readonly secrets = {
    list: ({ filters }: Filtered): Promise<readonly ApiSecret[]> =>
      this.#read((view) => filterSecrets(view, filters).map(toApiSecret)),
    get: ({ ref }: Ref): Promise<ApiSecret> =>
      this.#read((view) => toApiSecret(findSecret(view, ref))),
    create: async ({ spec }: { readonly spec: SecretSpec }): Promise<{ readonly ID: string }> => {
      const id = this.#newId();
      await this.#deps.store.transact((tx) => createSecret(tx, id, spec));
      return { ID: id };
    },
    update: async ({ ref, version, spec }: Versioned<SecretSpec>): Promise<void> => {
      await this.#deps.store.transact((tx) =>
        updateSecret(tx, { id: findSecret(tx, ref).id, version, spec }),
      );
    },
    remove: async ({ ref }: Ref): Promise<void> => {
      await this.#deps.store.transact((tx) => removeSecret(tx, findSecret(tx, ref).id));
    },
  };

  readonly configs = {
    list: ({ filters }: Filtered): Promise<readonly ApiConfig[]> =>
      this.#read((view) => filterConfigs(view, filters).map(toApiConfig)),
    get: ({ ref }: Ref): Promise<ApiConfig> =>
      this.#read((view) => toApiConfig(findConfig(view, ref))),
    create: async ({ spec }: { readonly spec: ConfigSpec }): Promise<{ readonly ID: string }> => {
      const id = this.#newId();
      await this.#deps.store.transact((tx) => createConfig(tx, id, spec));
      return { ID: id };
    },
    update: async ({ ref, version, spec }: Versioned<ConfigSpec>): Promise<void> => {
      await this.#deps.store.transact((tx) =>
        updateConfig(tx, { id: findConfig(tx, ref).id, version, spec }),
      );
    },
    remove: async ({ ref }: Ref): Promise<void> => {
      await this.#deps.store.transact((tx) => removeConfig(tx, findConfig(tx, ref).id));
    },
  };

  readonly diagnosis = {
    examine: (input: Examination): Promise<DoctorReport> =>
      examineNode(this.#deps.store.view, this.#deps.inquiries?.(), input),
    trace: (input: TraceRequest): Promise<NetworkTrace> =>
      traceNetwork(this.#deps.store.view, this.#deps.inquiries?.(), input),
  };

  readonly networks = {
    list: ({ filters }: Filtered): Promise<readonly ApiNetwork[]> =>
      this.#read((view) => filterNetworks(view, filters).map(toApiNetwork)),
    get: ({ ref }: Ref): Promise<ApiNetwork> =>
      this.#read((view) => toApiNetwork(findNetwork(view, ref))),
    create: async ({
      request,
    }: {
      readonly request: NetworkCreateRequest;
    }): Promise<{ readonly ID: string; readonly Warning: string }> => {
      const { store, inquiries } = this.#deps;
      const id = this.#newId();
      const Warning = checkRequirements(await askRequirements(store.view, inquiries?.()));
      await store.transact((tx) => createNetwork(tx, id, request));
      return { ID: id, Warning };
    },
    prune: async ({ filters }: Filtered): Promise<readonly string[]> =>
      this.#deps.store.transact((tx) => pruneNetworks(tx, filters)),
    remove: async ({ ref }: Ref): Promise<void> => {
      await this.#deps.store.transact((tx) => removeNetwork(tx, findNetwork(tx, ref).id));
    },
  };
}
