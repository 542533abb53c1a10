// Objects for benchmarks.
import type { Node, SpecVersion, Task } from "@skein/model";
import { specVersionId } from "@skein/model";
import type { Draft } from "@skein/store";

/** A ready worker with plenty of room. */
export const aNode = (id: string, labels: Readonly<Record<string, string>>): Draft<Node> => ({
  id,
  role: "worker",
  spec: { Labels: labels, Role: "worker", Availability: "active" },
  status: { state: "ready", message: "", addr: "10.0.0.1" },
  description: {
    Hostname: id,
    Platform: { Architecture: "x86_64", OS: "linux" },
    Resources: { NanoCPUs: 64e9, MemoryBytes: 256 * 1024 ** 3 },
    Engine: { EngineVersion: "28.0.0", Plugins: [{ Type: "Log", Name: "json-file" }] },
    TLSInfo: {},
  },
});

/** Version 1 of a service's tasks, with a small reservation. */
export const aSpec = (serviceId: string, constraints: readonly string[]): Draft<SpecVersion> => ({
  id: specVersionId(serviceId, 1),
  serviceId,
  serviceName: serviceId,
  specVersion: 1,
  task: {
    ForceUpdate: 0,
    ContainerSpec: { Image: "web:1" },
    Resources: { Reservations: { NanoCPUs: 1e7, MemoryBytes: 16 * 1024 ** 2 } },
    Placement: { Constraints: constraints },
  },
});

/** A task that waits for a node. */
export const aTask = (serviceId: string, slot: number, now: number): Draft<Task> => ({
  id: `${serviceId}.${slot}`,
  serviceId,
  specVersion: 1,
  slot,
  desiredState: "running",
  status: { state: "pending", timestamp: now, message: "pending task scheduling" },
  appliedAt: now,
});
