import type { Node, Service } from "@skein/model";
import type { Change, CommittedBatch } from "@skein/store";

/** A cluster event as Docker's event stream shows it, before it gets its shape there. */
export interface ClusterEvent {
  readonly type: "service" | "node" | "secret" | "config" | "network";
  readonly action: "create" | "update" | "remove";
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch; events of one batch share it. */
  readonly time: number;
  /** The index of the batch: with `time` it orders events. */
  readonly index: number;
}

type Attributes = Record<string, string>;

/** `<name>.old` and `<name>.new`, when the two differ. */
const difference = (
  attributes: Attributes,
  name: string,
  before: string | undefined,
  after: string | undefined,
): void => {
  if (before === after) return;
  if (before !== undefined && before !== "") attributes[`${name}.old`] = before;
  if (after !== undefined && after !== "") attributes[`${name}.new`] = after;
};

const image = (service: Service): string | undefined =>
  service.spec.TaskTemplate.ContainerSpec?.Image;

const replicas = (service: Service): string | undefined =>
  service.spec.Mode.Replicated?.Replicas?.toString();

const serviceAttributes = (before: Service | undefined, after: Service | undefined): Attributes => {
  const attributes: Attributes = { name: (after ?? before)?.spec.Name ?? "" };
  if (!before || !after) return attributes;
  difference(attributes, "image", image(before), image(after));
  difference(attributes, "replicas", replicas(before), replicas(after));
  return attributes;
};

/** What happened to a service: to its spec, and to the progress of its update. */
const serviceEvents = (
  before: Service | undefined,
  after: Service | undefined,
): readonly Attributes[] => {
  const attributes = serviceAttributes(before, after);
  const [old, state] = [before?.update?.state, after?.update?.state];
  // That an update's state was cleared is not told.
  if (!before || !after || state === undefined || state === old) return [attributes];
  const progress: Attributes = { name: after.spec.Name ?? "" };
  difference(progress, "updatestate", old, state);
  // Two events, as in the reference, which writes twice.
  return before.spec === after.spec ? [progress] : [attributes, progress];
};

const nodeAttributes = (before: Node | undefined, after: Node | undefined): Attributes => {
  const attributes: Attributes = { name: (after ?? before)?.description?.Hostname ?? "" };
  if (!before || !after) return attributes;
  difference(attributes, "availability", before.spec.Availability, after.spec.Availability);
  difference(attributes, "role", before.spec.Role, after.spec.Role);
  difference(attributes, "state", before.status.state, after.status.state);
  return attributes;
};

type Told = Pick<ClusterEvent, "type" | "id" | "attributes">;

const told = (change: Change): readonly Told[] => {
  const { table, id } = change;
  switch (table) {
    case "services":
      return serviceEvents(change.before, change.after).map((attributes) => ({
        type: "service",
        id,
        attributes,
      }));
    case "nodes":
      return [{ type: "node", id, attributes: nodeAttributes(change.before, change.after) }];
    case "secrets":
    case "configs": {
      const name = (change.after ?? change.before)?.spec.Name ?? "";
      return [{ type: table === "secrets" ? "secret" : "config", id, attributes: { name } }];
    }
    case "networks": {
      const name = (change.after ?? change.before)?.name ?? "";
      return [{ type: "network", id, attributes: { name } }];
    }
    case "clusters":
    case "specs":
    case "tasks":
    case "attachments":
      return [];
  }
};

/**
 * The events that a durable batch makes, in the order of the changes: one per object, and one more
 * for a service whose update began or ended with the same batch.
 */
export const eventsOf = (batch: CommittedBatch, now: number): readonly ClusterEvent[] =>
  batch.changes.flatMap((change) => {
    const { before, after } = change;
    const action = before === undefined ? "create" : after === undefined ? "remove" : "update";
    const time = after?.updatedAt ?? now;
    return told(change).map((event) => ({ ...event, action, time, index: batch.index }));
  });
