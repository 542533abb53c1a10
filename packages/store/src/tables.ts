import type {
  Attachment,
  Cluster,
  Config,
  Network,
  NetworkAddresses,
  Node,
  Secret,
  Service,
  SpecVersion,
  Task,
} from "@skein/model";
import { isTerminal, specVersionId } from "@skein/model";

/** The tables and what each one holds. The table's name is the first half of a log key. */
export interface TableTypes {
  readonly clusters: Cluster;
  readonly nodes: Node;
  readonly services: Service;
  readonly specs: SpecVersion;
  readonly tasks: Task;
  readonly networks: Network;
  readonly secrets: Secret;
  readonly configs: Config;
  readonly attachments: Attachment;
}

export type TableName = keyof TableTypes;

export const tableNames: readonly TableName[] = [
  "clusters",
  "nodes",
  "services",
  "specs",
  "tasks",
  "networks",
  "secrets",
  "configs",
  "attachments",
];

/** One object's way from before a batch to after it. Both undefined does not occur. */
export type Change = {
  readonly [Name in TableName]: {
    readonly table: Name;
    readonly id: string;
    readonly before: TableTypes[Name] | undefined;
    readonly after: TableTypes[Name] | undefined;
  };
}[TableName];

type Rows = { readonly [Name in TableName]: Map<string, TableTypes[Name]> };
type TaskIndex = Map<string, Map<string, Task>>;

const none: ReadonlyMap<string, never> = new Map<string, never>();

type Namers = {
  readonly [Name in TableName]: (object: TableTypes[Name]) => string | undefined;
};

const nameless = (): undefined => undefined;

/** By which name each kind of object is looked up. */
const nameOf: Namers = {
  clusters: nameless,
  nodes: ({ description }) => description?.Hostname,
  services: ({ spec }) => spec.Name,
  specs: nameless,
  tasks: nameless,
  networks: ({ name, removing }) => (removing ? undefined : name),
  secrets: ({ spec }) => spec.Name,
  configs: ({ spec }) => spec.Name,
  attachments: nameless,
};

type Holders = {
  readonly [Name in TableName]: (object: TableTypes[Name]) => readonly string[];
};

const nothingHeld = (): readonly string[] => [];

const keysOf = (held: readonly NetworkAddresses[] | undefined): readonly string[] =>
  (held ?? []).flatMap(({ networkId, addresses }) =>
    addresses.map((address) => `${networkId}/${address}`),
  );

/** The network addresses that each kind of object holds. */
const addressesOf: Holders = {
  clusters: nothingHeld,
  nodes: ({ attachments }) => keysOf(attachments),
  services: ({ endpoint }) =>
    (endpoint?.VirtualIPs ?? []).map(
      ({ NetworkID, Addr }) => `${NetworkID ?? ""}/${(Addr ?? "").split("/")[0] ?? ""}`,
    ),
  specs: nothingHeld,
  tasks: ({ networks, status }) => (isTerminal(status.state) ? [] : keysOf(networks)),
  networks: ({ id, subnets }) => subnets.map(({ gateway }) => `${id}/${gateway}`),
  secrets: nothingHeld,
  configs: nothingHeld,
  attachments: ({ networks }) => keysOf(networks),
};

const networksHeld = ({ networks, status }: Task): readonly string[] =>
  isTerminal(status.state) ? [] : (networks ?? []).map(({ networkId }) => networkId);

const insert = (index: TaskIndex, key: string | undefined, task: Task): void => {
  if (key === undefined) return;
  const tasks = index.get(key);
  if (tasks) tasks.set(task.id, task);
  else index.set(key, new Map([[task.id, task]]));
};

const remove = (index: TaskIndex, key: string | undefined, id: string): void => {
  if (key === undefined) return;
  const tasks = index.get(key);
  tasks?.delete(id);
  if (tasks?.size === 0) index.delete(key);
};

/**
 * The state in memory: a map per table, and indexes. Objects are immutable; replacing one costs the
 * same whatever the size of the tables. Only the store's transactions write here.
 *
 * Maps that are handed out are live: who edits while iterating copies first.
 */
export class Tables {
  readonly #rows: Rows = {
    clusters: new Map(),
    nodes: new Map(),
    services: new Map(),
    specs: new Map(),
    tasks: new Map(),
    networks: new Map(),
    secrets: new Map(),
    configs: new Map(),
    attachments: new Map(),
  };
  readonly #names = new Map<string, Set<string>>();
  readonly #tasksByService: TaskIndex = new Map();
  readonly #tasksByNode: TaskIndex = new Map();
  readonly #tasksByNetwork: TaskIndex = new Map();
  readonly #unassigned = new Map<string, Task>();
  readonly #tasksBySpec = new Map<string, number>();
  readonly #addresses = new Map<string, string>();

  /** The object with exactly this id. */
  get<Name extends TableName>(table: Name, id: string): TableTypes[Name] | undefined {
    return this.#rows[table].get(id);
  }

  /** The whole table by id. */
  all<Name extends TableName>(table: Name): ReadonlyMap<string, TableTypes[Name]> {
    return this.#rows[table];
  }

  /** Objects of this name, whatever the letters' case. Nodes go by hostname, which need not be unique. */
  byName<Name extends TableName>(table: Name, name: string): readonly TableTypes[Name][] {
    const ids = this.#names.get(`${table}/${name.toLowerCase()}`) ?? [];
    const rows = this.#rows[table];
    return [...ids].flatMap((id) => rows.get(id) ?? []);
  }

  /** Every task of a service, history included. */
  tasksOfService(serviceId: string): ReadonlyMap<string, Task> {
    return this.#tasksByService.get(serviceId) ?? none;
  }

  /** Every task that was given to a node, history included. */
  tasksOfNode(nodeId: string): ReadonlyMap<string, Task> {
    return this.#tasksByNode.get(nodeId) ?? none;
  }

  /** Tasks that hold an address on a network: those that have not ended. */
  tasksOfNetwork(networkId: string): ReadonlyMap<string, Task> {
    return this.#tasksByNetwork.get(networkId) ?? none;
  }

  /** Tasks in state new or pending: those that the scheduler has not (yet) given to a node. */
  unassigned(): ReadonlyMap<string, Task> {
    return this.#unassigned;
  }

  /** Who holds an address of a network: `<table>/<id>`. Undefined when it is free. */
  addressHolder(networkId: string, address: string): string | undefined {
    return this.#addresses.get(`${networkId}/${address}`);
  }

  /** How many tasks refer to a {@link SpecVersion}. */
  tasksOfSpec(specId: string): number {
    return this.#tasksBySpec.get(specId) ?? 0;
  }

  /** Writes one object, or removes it. Returns what was there before. */
  set<Name extends TableName>(
    table: Name,
    id: string,
    after: TableTypes[Name] | undefined,
  ): TableTypes[Name] | undefined {
    const rows = this.#rows[table];
    const before = rows.get(id);
    if (after === undefined) rows.delete(id);
    else rows.set(id, after);
    this.#indexName(table, id, before, after);
    if (table === "tasks") this.#indexTask(before as Task | undefined, after as Task | undefined);
    this.#indexAddresses(table, id, before, after);
    return before;
  }

  #indexAddresses<Name extends TableName>(
    table: Name,
    id: string,
    before: TableTypes[Name] | undefined,
    after: TableTypes[Name] | undefined,
  ): void {
    const held = addressesOf[table];
    const holder = `${table}/${id}`;
    if (before)
      for (const key of held(before))
        if (this.#addresses.get(key) === holder) this.#addresses.delete(key);
    if (after) for (const key of held(after)) this.#addresses.set(key, holder);
  }

  #indexName<Name extends TableName>(
    table: Name,
    id: string,
    before: TableTypes[Name] | undefined,
    after: TableTypes[Name] | undefined,
  ): void {
    const oldName = before && nameOf[table](before);
    const newName = after && nameOf[table](after);
    if (oldName === newName) return;
    if (oldName !== undefined) {
      const key = `${table}/${oldName.toLowerCase()}`;
      const ids = this.#names.get(key);
      ids?.delete(id);
      if (ids?.size === 0) this.#names.delete(key);
    }
    if (newName === undefined) return;
    const key = `${table}/${newName.toLowerCase()}`;
    const ids = this.#names.get(key);
    if (ids) ids.add(id);
    else this.#names.set(key, new Set([id]));
  }

  #indexTask(before: Task | undefined, after: Task | undefined): void {
    if (before) {
      if (before.serviceId !== after?.serviceId)
        remove(this.#tasksByService, before.serviceId, before.id);
      if (before.nodeId !== after?.nodeId) remove(this.#tasksByNode, before.nodeId, before.id);
      for (const id of networksHeld(before)) remove(this.#tasksByNetwork, id, before.id);
      this.#countSpec(before, -1);
    }
    if (after) {
      insert(this.#tasksByService, after.serviceId, after);
      insert(this.#tasksByNode, after.nodeId, after);
      for (const id of networksHeld(after)) insert(this.#tasksByNetwork, id, after);
      this.#countSpec(after, 1);
    }
    const id = after?.id ?? before?.id ?? "";
    const open = after?.status.state === "new" || after?.status.state === "pending";
    if (after && open) this.#unassigned.set(id, after);
    else this.#unassigned.delete(id);
  }

  #countSpec(task: Task, by: number): void {
    const key = specVersionId(task.serviceId, task.specVersion);
    const count = (this.#tasksBySpec.get(key) ?? 0) + by;
    if (count === 0) this.#tasksBySpec.delete(key);
    else this.#tasksBySpec.set(key, count);
  }
}

/** What readers see of the tables: always the newest state, durable or in flight. */
export type View = Pick<
  Tables,
  | "get"
  | "all"
  | "byName"
  | "tasksOfService"
  | "tasksOfNode"
  | "tasksOfNetwork"
  | "unassigned"
  | "tasksOfSpec"
  | "addressHolder"
>;
