// Goal: what the API calls does what Docker's users expect, in one commit, with Docker's errors.
// Method: the real store, pipeline and control on a memory log with a virtual clock; nodes are records.
import { newVirtualClock, OperationError, seededRandom, silentLogger } from "@skein/base";
import type { VirtualClock } from "@skein/base";
import type { LogBatch } from "@skein/store";
import { newMemoryDisk, openMemoryLog, Store } from "@skein/store";
import type { ServiceSpec } from "@skein/wire";
import { expect, test } from "vitest";
import { AddressAllocator } from "./allocator/addresses.ts";
import { Control } from "./control.ts";
import { applyStatuses } from "./dispatcher/statuses.ts";
import { Leader } from "./leader.ts";
import { bootstrapCluster } from "./membership/bootstrap.ts";
import { createNode } from "./membership/admission.ts";

interface Rig {
  readonly control: Control;
  readonly store: Store;
  readonly clock: VirtualClock;
  readonly batches: LogBatch[];
  /** Makes the next commits fail. */
  readonly refuse: (count: number) => void;
}

const rig = async (): Promise<Rig> => {
  const clock = newVirtualClock();
  const random = seededRandom(5);
  const inner = openMemoryLog(newMemoryDisk());
  const batches: LogBatch[] = [];
  let refusals = 0;
  const log = {
    ...inner,
    commit: (batch: LogBatch) => {
      batches.push(batch);
      if (refusals === 0) return inner.commit(batch);
      refusals -= 1;
      return clock.sleep(1).then(() => {
        throw new OperationError("internal", "the disk is full");
      });
    },
  };
  const refuse = (count: number): void => {
    refusals = count;
  };
  const store = await Store.open(log, clock);
  const allocator = new AddressAllocator();
  const leader = new Leader({ store, clock, random, logger: silentLogger, allocator });
  leader.start(await log.campaign("m", new AbortController().signal));
  let ids = 0;
  await store.transact((tx) =>
    bootstrapCluster(tx, {
      id: "c",
      spec: {
        Name: "default",
        Labels: {},
        Orchestration: { TaskHistoryRetentionLimit: 5 },
        Raft: { ElectionTick: 10, HeartbeatTick: 1 },
        Dispatcher: { HeartbeatPeriod: 5e9 },
        CAConfig: {},
        TaskDefaults: {},
        EncryptionConfig: { AutoLockManagers: false },
      },
      rootCa: { certificate: "", key: "", issuer: { subject: "", publicKey: "" } },
      joinTokens: { worker: "SWMTKN-1-d-w", manager: "SWMTKN-1-d-m" },
      unlockKey: "",
      defaultAddrPool: ["10.0.0.0/8"],
      subnetSize: 24,
      dataPathPort: 4789,
      firstNode: { id: "m", role: "manager", availability: "active" },
      newId: () => `net${(ids += 1)}`,
    }),
  );
  await store.transact((tx) => {
    for (const id of ["m", "n2", "n3"]) {
      const node =
        tx.get("nodes", id) ?? createNode(tx, { id, role: "worker", availability: "active" });
      const status = { state: "ready", message: "", addr: "" } as const;
      tx.put("nodes", {
        ...node,
        status,
        description: {
          Hostname: `host-${id}`,
          Platform: { Architecture: "x86_64", OS: "linux" },
          Resources: { NanoCPUs: 4e9, MemoryBytes: 8e9 },
          Engine: { Plugins: [] },
          TLSInfo: {},
        },
      });
    }
  });
  return {
    control: new Control({ store, clock, random, allocator, leaderId: () => "m" }),
    store,
    clock,
    batches,
    refuse,
  };
};

const web = (more: Partial<ServiceSpec> = {}): ServiceSpec => ({
  Name: "web",
  Labels: {},
  TaskTemplate: { ContainerSpec: { Image: "bb:1", Isolation: "default" }, ForceUpdate: 0 },
  Mode: { Replicated: { Replicas: 3 } },
  ...more,
});

const create = (control: Control, spec: ServiceSpec): Promise<{ readonly ID: string }> =>
  control.services.create({ spec, registryAuth: "" });

const problem = async (promise: Promise<unknown>): Promise<string> => {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof OperationError ? `${error.kind}: ${error.message}` : String(error);
};

test("a new service is one commit in which each of its tasks has a node", async () => {
  const { control, store, batches } = await rig();
  const before = batches.length;
  const { ID } = await create(control, web());
  expect(batches).toHaveLength(before + 1);
  const tasks = [...store.view.tasksOfService(ID).values()];
  expect(tasks.map(({ slot }) => slot)).toEqual([1, 2, 3]);
  expect(new Set(tasks.map(({ nodeId }) => nodeId)).size).toBe(3);
  expect(new Set(tasks.map(({ status }) => status.state))).toEqual(new Set(["assigned"]));
  const [service] = await control.services.list({ filters: {}, status: true });
  expect(service).toMatchObject({
    ServiceStatus: { RunningTasks: 0, DesiredTasks: 3, CompletedTasks: 0 },
  });
});

test("names, versions, modes and references are refused in Docker's words", async () => {
  const { control } = await rig();
  const { ID } = await create(control, web());
  expect(await problem(create(control, web({ Name: "WEB" })))).toBe(
    "conflict: name conflicts with an existing object: service WEB already exists",
  );
  const { Version } = await control.services.get({ ref: "web", insertDefaults: false });
  const change = { registryAuth: "", registryAuthFrom: "", rollback: "" };
  const version = Version.Index ?? 0;
  const update = (spec: ServiceSpec, at = version): Promise<unknown> =>
    control.services.update({ ref: "web", version: at, spec, ...change });
  expect(await problem(update(web(), version + 7))).toBe("unknown: update out of sequence");
  expect(await problem(update(web({ Name: "other" })))).toBe(
    "not-implemented: renaming services is not supported",
  );
  expect(await problem(update(web({ Mode: { Global: {} } })))).toBe(
    "not-implemented: service mode change is not allowed",
  );
  expect(
    await problem(
      control.services.update({ ref: ID, version, spec: web(), ...change, rollback: "previous" }),
    ),
  ).toBe(`failed-precondition: service ${ID} does not have a previous spec`);
  expect(await problem(control.services.get({ ref: "nothing", insertDefaults: false }))).toBe(
    "not-found: service nothing not found",
  );
});

test("ports through the mesh clash with every other use; host ports only with those", async () => {
  const { control } = await rig();
  const port = { Protocol: "tcp", TargetPort: 80, PublishedPort: 8080 } as const;
  const mesh = { EndpointSpec: { Ports: [{ ...port, PublishMode: "ingress" } as const] } };
  const host = { EndpointSpec: { Ports: [{ ...port, PublishMode: "host" } as const] } };
  const { ID } = await create(control, web(host));
  await create(control, web({ Name: "second", ...host }));
  expect(await problem(create(control, web({ Name: "third", ...mesh })))).toBe(
    `invalid-parameter: port '8080' is already in use by service 'web' (${ID}) as a host-published port`,
  );
});

test("secrets are shown without data, renamed never, and kept while a service uses them", async () => {
  const { control } = await rig();
  const spec = { Name: "key", Labels: {}, Data: "c2VjcmV0" };
  const { ID } = await control.secrets.create({ spec });
  expect(await problem(control.secrets.create({ spec }))).toBe(
    "conflict: secret key already exists",
  );
  const driven = { Name: "other", Labels: {}, Driver: { Name: "vault" } };
  expect(await problem(control.secrets.create({ spec: driven }))).toBe(
    'unknown: plugin "vault" not found',
  );
  const shown = await control.secrets.get({ ref: "key" });
  expect(shown.Spec).toEqual({ Name: "key", Labels: {} });
  const file = { Name: "key", UID: "0", GID: "0", Mode: 0o444 };
  const Secrets = [{ SecretID: ID, SecretName: "key", File: file }];
  const ContainerSpec = { Image: "bb:1", Isolation: "default", Secrets } as const;
  await create(control, web({ TaskTemplate: { ContainerSpec, ForceUpdate: 0 } }));
  expect(await problem(control.secrets.remove({ ref: "key" }))).toBe(
    "invalid-parameter: secret 'key' is in use by the following service: web",
  );
  const version = shown.Version.Index ?? 0;
  const labelled = { Name: "key", Labels: { a: "b" } };
  await control.secrets.update({ ref: ID, version, spec: labelled });
  expect((await control.secrets.get({ ref: ID })).Spec.Labels).toEqual({ a: "b" });
  expect(
    await problem(
      control.secrets.update({ ref: ID, version, spec: { ...labelled, Data: "eA==" } }),
    ),
  ).toBe("invalid-parameter: only updates to Labels are allowed");
  await control.services.remove({ ref: "web" });
  await control.secrets.remove({ ref: "key" });
});

test("draining a node moves its tasks in one commit; the last manager stays; a ready node is not removed", async () => {
  const { control, store } = await rig();
  const { ID } = await create(control, web());
  const node = await control.nodes.get({ ref: "host-n2" });
  const version = node.Version.Index ?? 0;
  await control.nodes.update({
    ref: "n2",
    version,
    spec: { ...node.Spec, Availability: "drain" },
  });
  const wanted = [...store.view.tasksOfService(ID).values()].filter(
    ({ desiredState }) => desiredState !== "shutdown" && desiredState !== "remove",
  );
  expect(wanted).toHaveLength(3);
  expect(wanted.map(({ nodeId }) => nodeId)).not.toContain("n2");
  const manager = await control.nodes.get({ ref: "m" });
  expect(
    await problem(
      control.nodes.update({
        ref: "m",
        version: manager.Version.Index ?? 0,
        spec: { ...manager.Spec, Role: "worker" },
      }),
    ),
  ).toBe("failed-precondition: attempting to demote the last manager of the swarm");
  expect(await problem(control.nodes.remove({ ref: "n3", force: false }))).toBe(
    "failed-precondition: node n3 is not down and can't be removed",
  );
  await control.nodes.remove({ ref: "n3", force: true });
  expect(store.view.get("clusters", "c")?.revoked).toHaveProperty("n3");
});

test("lists are filtered as Docker does, unknown filters refused", async () => {
  const { control } = await rig();
  await create(control, web({ Labels: { tier: "front" } }));
  await create(control, web({ Name: "all", Mode: { Global: {} } }));
  const names = async (filters: Record<string, readonly string[]>): Promise<unknown> =>
    (await control.services.list({ filters, status: false })).map(({ Spec }) => Spec.Name);
  expect(await names({ mode: ["global"] })).toEqual(["all"]);
  expect(await names({ label: ["tier=front"] })).toEqual(["web"]);
  expect(await names({ name: ["W"] })).toEqual(["web"]);
  expect(await problem(names({ bogus: ["x"] }))).toBe("invalid-parameter: Invalid filter 'bogus'");
  const tasks = await control.tasks.list({ filters: { service: ["web"], node: ["host-m"] } });
  expect(tasks.map(({ NodeID }) => NodeID)).toEqual(["m"]);
  expect(await problem(control.tasks.list({ filters: { service: ["nope"] } }))).toBe(
    "not-found: service nope not found",
  );
  const current = await control.tasks.list({ filters: { "_up-to-date": ["true"] } });
  expect(current).toHaveLength(6);
});

test("what the loops did in a batch that the disk refused is done again without anybody asking", async () => {
  const { control, store, clock, refuse } = await rig();
  const { ID } = await create(control, web({ Mode: { Replicated: { Replicas: 1 } } }));
  const [task] = store.view.tasksOfService(ID).values();
  const status = { state: "failed", timestamp: clock.now(), message: "started" } as const;
  await store.transact((tx) => {
    if (task) applyStatuses(tx, task.nodeId ?? "", [{ taskId: task.id, status }]);
  });
  const replacement = (): string | undefined =>
    [...store.view.tasksOfService(ID).values()].find(({ id }) => id !== task?.id)?.desiredState;
  expect(replacement()).toBe("ready");
  refuse(1); // the batch that ends the restart delay
  await clock.advance(5_100);
  expect(replacement()).toBe("ready");
  await clock.advance(5_000);
  expect(replacement()).toBe("running");
});

test("that something is gone is told when that is durable, and not when it is taken back", async () => {
  const { control, clock, refuse } = await rig();
  const spec = { Name: "c", Labels: {}, Data: "Yw==" };
  await control.configs.create({ spec });
  refuse(1);
  const removal = control.configs.remove({ ref: "c" });
  const look = control.configs.get({ ref: "c" });
  void clock.advance(1);
  expect(await problem(removal)).toBe("internal: the disk is full");
  expect(await problem(look)).toBe("internal: the disk is full");
  expect((await control.configs.get({ ref: "c" })).Spec.Name).toBe("c");
});
