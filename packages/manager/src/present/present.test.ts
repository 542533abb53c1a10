// Goal: what is stored is shown as Docker's API shows it, and found as Docker finds it.
// Method: tables filled by hand; wanted shapes after recordings of a real swarm.
import type { Service } from "@skein/model";
import type { Draft, Transaction, View } from "@skein/store";
import { expect, test } from "vitest";
import { aNetwork, aNode, aSpec, aTask } from "../testing/builders.ts";
import type { ServiceWish } from "../testing/builders.ts";
import { viewAfter } from "../testing/view.ts";
import { toApiNode, toApiSecret } from "./cluster.ts";
import {
  filterConfigs,
  filterNodes,
  filterSecrets,
  filterServices,
  filterTasks,
} from "./filters.ts";
import { findNode, findService, findTask } from "./lookup.ts";
import { filterNetworks } from "./network-filters.ts";
import { toApiService } from "./service.ts";
import { toApiTask } from "./task.ts";

const aService = (id: string, wish: ServiceWish = {}): Draft<Service> => ({
  id,
  spec: aSpec(wish),
  specVersion: 1,
});

const putService = (tx: Transaction, id: string, wish: ServiceWish = {}): void => {
  const service = aService(id, wish);
  tx.put("services", service);
  tx.put("specs", {
    id: `${id}.1`,
    serviceId: id,
    serviceName: service.spec.Name ?? "",
    specVersion: 1,
    task: { ...service.spec.TaskTemplate, Runtime: "container" },
  });
};

const time = "2024-05-01T10:00:00Z";
const meta = { Version: { Index: 1 }, CreatedAt: time, UpdatedAt: time };

const service = (view: View, id: string): Service => {
  const found = view.get("services", id);
  if (!found) throw new Error(`no service ${id}`);
  return found;
};

test("a bare service", async () => {
  const view = await viewAfter((tx) => putService(tx, "s1"));
  expect(toApiService(view, service(view, "s1"))).toEqual({
    ID: "s1",
    ...meta,
    Spec: aSpec(),
    Endpoint: { Spec: {} },
  });
});

test("insertDefaults fills what the spec leaves open, and only that", async () => {
  const view = await viewAfter((tx) =>
    putService(tx, "s1", { update: { parallelism: 2 }, restart: { condition: "none" } }),
  );
  const { Spec } = toApiService(view, service(view, "s1"), { insertDefaults: true });
  expect(Spec.TaskTemplate.ContainerSpec).toMatchObject({
    Image: "app:1",
    StopGracePeriod: 10e9,
    DNSConfig: {},
  });
  expect(Spec.TaskTemplate).toMatchObject({
    Resources: {},
    RestartPolicy: { Condition: "none", Delay: 5e9, MaxAttempts: 0 },
  });
  expect(Spec.UpdateConfig?.Parallelism).toBe(2);
  expect(Spec.RollbackConfig).toEqual({
    Parallelism: 1,
    FailureAction: "pause",
    Monitor: 5e9,
    MaxFailureRatio: 0,
    Order: "stop-first",
  });
  expect(Spec).not.toHaveProperty("EndpointSpec");
});

test("host ports, progress of an update and the spec before", async () => {
  const Ports = [
    { Protocol: "tcp", TargetPort: 80, PublishedPort: 1234, PublishMode: "host" },
  ] as const;
  const view = await viewAfter((tx) => {
    const endpoint = { Mode: "vip", Ports } as const;
    tx.put("services", {
      ...aService("s1", { endpoint }),
      previousSpec: aSpec({ image: "app:0" }),
      update: {
        state: "completed",
        message: "update completed",
        startedAt: 1_714_557_600_000,
        completedAt: 1_714_557_601_500,
        dirtySlots: 1,
        failures: {},
      },
    });
  });
  expect(toApiService(view, service(view, "s1"))).toMatchObject({
    Endpoint: { Spec: { Mode: "vip", Ports }, Ports },
    PreviousSpec: { TaskTemplate: { ContainerSpec: { Image: "app:0" } } },
    UpdateStatus: {
      State: "completed",
      StartedAt: time,
      CompletedAt: "2024-05-01T10:00:01.5Z",
      Message: "update completed",
    },
  });
});

test("counts of tasks: asked to stop is not running; a job counts its iteration", async () => {
  const done = { state: "complete", timestamp: 0, message: "" } as const;
  const view = await viewAfter((tx) => {
    putService(tx, "web", { replicas: 3 });
    tx.put("tasks", aTask("t1"));
    tx.put("tasks", aTask("t2", { desiredState: "shutdown" }));
    tx.put("services", {
      ...aService("job", {
        name: "job",
        mode: { ReplicatedJob: { MaxConcurrent: 2, TotalCompletions: 4 } },
      }),
      job: { iteration: 1, lastExecution: 0 },
    });
    const part = { serviceId: "job", desiredState: "complete", status: done } as const;
    tx.put("tasks", aTask("j1", { ...part, jobIteration: 0 }));
    tx.put("tasks", aTask("j2", { ...part, jobIteration: 1 }));
  });
  const status = (id: string) =>
    toApiService(view, service(view, id), { status: true }).ServiceStatus;
  expect(status("web")).toEqual({ RunningTasks: 1, DesiredTasks: 3, CompletedTasks: 0 });
  expect(status("job")).toEqual({ RunningTasks: 0, DesiredTasks: 2, CompletedTasks: 1 });
});

test("a task is put together from its record and its spec", async () => {
  const view = await viewAfter((tx) => {
    putService(tx, "web");
    tx.put(
      "tasks",
      aTask("t1", {
        nodeId: "n1",
        status: {
          state: "running",
          timestamp: 1_714_557_600_123,
          message: "started",
          container: { id: "c1", pid: 7 },
        },
      }),
    );
    tx.put("tasks", aTask("t0", { slot: 0, nodeId: "n1", jobIteration: 0 }));
  });
  const show = (id: string) => {
    const task = view.get("tasks", id);
    return task && toApiTask(view, task);
  };
  expect(show("t1")).toEqual({
    ID: "t1",
    ...meta,
    Labels: {},
    Spec: aSpec().TaskTemplate,
    ServiceID: "web",
    Slot: 1,
    NodeID: "n1",
    Status: {
      Timestamp: "2024-05-01T10:00:00.123Z",
      State: "running",
      Message: "started",
      ContainerStatus: { ContainerID: "c1", PID: 7, ExitCode: 0 },
      PortStatus: {},
    },
    DesiredState: "running",
  });
  expect(show("t0")).not.toHaveProperty("Slot");
  expect(show("t0")).toMatchObject({ JobIteration: {} });
});

test("nodes show their part in managing; secrets never their data", async () => {
  const view = await viewAfter((tx) => {
    tx.put("nodes", { ...aNode("m1", { role: "manager" }), managerAddr: "10.0.0.1:2377" });
    const lost = aNode("m2", { role: "manager", state: "down" });
    tx.put("nodes", { ...lost, managerAddr: "10.0.0.2:2377" });
    tx.put("nodes", aNode("promoted", { role: "manager" }));
    tx.put("nodes", aNode("w1"));
    tx.put("secrets", { id: "x", spec: { Name: "s", Labels: {}, Data: "eA==" } });
  });
  const show = (id: string) => {
    const node = view.get("nodes", id);
    return node && toApiNode(node, "m1");
  };
  expect(show("m1")?.ManagerStatus).toEqual({
    Leader: true,
    Reachability: "reachable",
    Addr: "10.0.0.1:2377",
  });
  expect(show("m2")?.ManagerStatus).toEqual({
    Reachability: "unreachable",
    Addr: "10.0.0.2:2377",
  });
  expect(show("promoted")).not.toHaveProperty("ManagerStatus");
  expect(show("w1")).not.toHaveProperty("ManagerStatus");
  const secret = view.get("secrets", "x");
  expect(secret && toApiSecret(secret).Spec).toEqual({ Name: "s", Labels: {} });
});

test("references: id, then name in any case, then id prefix", async () => {
  const view = await viewAfter((tx) => {
    putService(tx, "abc1", { name: "Web" });
    putService(tx, "abc2", { name: "abc1x" });
    tx.put("nodes", aNode("host"));
    tx.put("nodes", { ...aNode("other"), description: { ...aNode("host").description } as never });
    tx.put("tasks", aTask("t23456789012345678901234y", { serviceId: "abc1" }));
  });
  expect(findService(view, "abc1").id).toBe("abc1");
  expect(findService(view, "wEB").id).toBe("abc1");
  expect(findService(view, "abc1X").id).toBe("abc2");
  expect(findService(view, "abc2").id).toBe("abc2");
  expect(() => findService(view, "abc")).toThrow("service abc is ambiguous (2 matches found)");
  expect(() => findService(view, "")).toThrow("service  not found");
  expect(findNode(view, "host").id).toBe("host");
  expect(() => findNode(view, "HOST")).toThrow("node HOST is ambiguous (2 matches found)");
  const task = "t23456789012345678901234y";
  expect(findTask(view, task).id).toBe(task);
  expect(findTask(view, "t234").id).toBe(task);
  expect(findTask(view, `Web.1.${task}`).id).toBe(task);
  expect(() => findTask(view, `api.1.${task}`)).toThrow("not found");
  expect(() => findTask(view, "Web.1")).toThrow("task Web.1 not found");
});

const names = (objects: readonly { readonly id: string }[]): string =>
  objects
    .map(({ id }) => id)
    .toSorted()
    .join(" ");

test.each([
  [{}, "api jobs web"],
  [{ name: ["WE"] }, "web"],
  [{ name: ["we", "api"] }, "api web"],
  [{ id: ["ap"] }, "api"],
  [{ label: ["tier"] }, "api web"],
  [{ label: ["tier=back"] }, "api"],
  [{ label: ["tier", "tier=front"] }, "web"],
  [{ mode: ["global"] }, "api"],
  [{ mode: ["global", "replicated-job"] }, "api jobs"],
  [{ mode: ["sharded"] }, ""],
  [{ runtime: ["plugin"] }, ""],
])("services that pass %j", async (filters, wanted) => {
  const view = await viewAfter((tx) => {
    putService(tx, "web", { name: "web", labels: { tier: "front" } });
    putService(tx, "api", { name: "api", labels: { tier: "back" }, mode: { Global: {} } });
    putService(tx, "jobs", { name: "jobs", mode: { ReplicatedJob: {} } });
  });
  expect(names(filterServices(view, filters))).toBe(wanted);
  expect(() => filterServices(view, { bogus: ["x"] })).toThrow("Invalid filter 'bogus'");
});

test.each([
  [{ role: ["MANAGER"] }, "m1"],
  [{ membership: ["accepted"] }, "m1 w1"],
  [{ membership: ["pending"] }, ""],
  [{ name: ["w"] }, "w1"],
  [{ "node.label": ["rack=r1"] }, "w1"],
  [{ label: ["rack=r1"] }, ""],
])("nodes that pass %j", async (filters, wanted) => {
  const view = await viewAfter((tx) => {
    tx.put("nodes", aNode("m1", { role: "manager" }));
    tx.put("nodes", aNode("w1", { labels: { rack: "r1" } }));
  });
  expect(names(filterNodes(view, filters))).toBe(wanted);
  expect(() => filterNodes(view, { role: ["boss"] })).toThrow("Invalid role filter: 'boss'");
});

test.each([
  [{}, "t1 t2 t3"],
  [{ service: ["web"] }, "t1 t2"],
  [{ service: ["web"], node: ["n1"] }, "t1"],
  [{ node: ["n1", "n2"] }, "t1 t2 t3"],
  [{ name: ["web.1"] }, "t1"],
  [{ name: ["WEB.2.t2"] }, "t2"],
  [{ label: ["tier=front"] }, "t1 t2"],
  [{ "desired-state": ["shutdown"] }, "t2"],
  [{ id: ["t3"] }, "t3"],
  [{ runtime: ["attachment"] }, ""],
])("tasks that pass %j", async (filters, wanted) => {
  const view = await viewAfter((tx) => {
    putService(tx, "web", { name: "web", labels: { tier: "front" } });
    putService(tx, "api", { name: "api" });
    tx.put("nodes", aNode("n1"));
    tx.put("nodes", aNode("n2"));
    tx.put("tasks", aTask("t1", { nodeId: "n1" }));
    tx.put("tasks", aTask("t2", { slot: 2, nodeId: "n2", desiredState: "shutdown" }));
    tx.put("tasks", aTask("t3", { serviceId: "api", nodeId: "n2" }));
  });
  expect(names(filterTasks(view, filters))).toBe(wanted);
  expect(() => filterTasks(view, { service: ["nosuch"] })).toThrow("service nosuch not found");
  expect(() => filterTasks(view, { "desired-state": ["dead"] })).toThrow(
    "Invalid desired-state filter: 'dead'",
  );
});

test("secrets and configs by name; only secrets by exact names", async () => {
  const view = await viewAfter((tx) => {
    for (const name of ["key", "key2"]) {
      tx.put("secrets", { id: name, spec: { Name: name, Labels: {}, Data: "" } });
      tx.put("configs", { id: name, spec: { Name: name, Labels: {}, Data: "" } });
    }
  });
  expect(names(filterSecrets(view, { name: ["key"] }))).toBe("key key2");
  expect(names(filterSecrets(view, { names: ["key"] }))).toBe("key");
  expect(names(filterConfigs(view, { name: ["key2"] }))).toBe("key2");
  expect(() => filterConfigs(view, { names: ["key"] })).toThrow("Invalid filter 'names'");
});

test.each([
  [{}, "back front"],
  [{ name: ["ron"] }, "front"],
  [{ driver: ["bridge"] }, ""],
  [{ scope: ["swarm"], type: ["custom"] }, "back front"],
  [{ type: ["builtin"] }, ""],
  [{ scope: ["local"] }, ""],
  [{ dangling: ["true"] }, "back front"],
  [{ label: ["a=b"] }, ""],
])("networks that pass %j", async (filters, wanted) => {
  const view = await viewAfter((tx) => {
    tx.put("networks", aNetwork("front", "10.0.1.0/24"));
    tx.put("networks", aNetwork("back", "10.0.2.0/24"));
    const labels = { "com.docker.swarm.predefined": "true" };
    tx.put("networks", { ...aNetwork("host", "10.0.3.0/24"), labels });
  });
  expect(names(filterNetworks(view, filters))).toBe(wanted);
  expect(() => filterNetworks(view, { type: ["magic"] })).toThrow("invalid filter: 'type'='magic'");
});
