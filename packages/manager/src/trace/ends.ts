import { OperationError } from "@skein/base";
import type { Network, NetworkEndpoint, NetworkSnapshot, Service, Task } from "@skein/model";
import { compareStates } from "@skein/model";
import type { View } from "@skein/store";
import { networkTable } from "../networks/tables.ts";
import { taskName } from "../present/task.ts";

/** A container's place on a network. */
export interface Place {
  readonly network: Network;
  readonly table: NetworkSnapshot;
  readonly endpoint: NetworkEndpoint;
}

/** One end of a way, as it was named. */
export interface End {
  readonly title: string;
  /** Where its containers are, on all networks but the ingress one; those that run come first. */
  readonly places: readonly Place[];
  /** Set when a service was named, not one of its tasks. */
  readonly service?: Service;
  /** What became of its tasks, when none has a place: `web.1 is rejected: no such image`. */
  readonly trouble: string;
}

/** The tables of all networks but the ingress one. */
const tablesOf = (view: View): readonly (readonly [Network, NetworkSnapshot])[] =>
  [...view.all("networks").values()].flatMap((network) =>
    network.ingress ? [] : [[network, networkTable(view, network, 0)] as const],
  );

const placesOf = (view: View, isMeant: (one: NetworkEndpoint) => boolean): readonly Place[] => {
  const found = tablesOf(view).flatMap(([network, table]) =>
    table.endpoints.filter(isMeant).map((endpoint) => ({ network, table, endpoint })),
  );
  return found.toSorted((a, b) => Number(b.endpoint.active) - Number(a.endpoint.active));
};

const told = (view: View, { status, ...task }: Task): string => {
  const [name = "", slot = ""] = taskName(view, { ...task, status }).split(".");
  const why = status.err ?? status.message;
  return `${name}.${slot} is ${status.state}${why === "" ? "" : `: ${why}`}`;
};

/** The tasks that should run, or else the newest. */
const troubleOf = (view: View, tasks: readonly Task[]): string => {
  const wanted = tasks.filter(({ desiredState }) => compareStates(desiredState, "running") <= 0);
  const newest = tasks.toSorted((a, b) => b.createdAt - a.createdAt).slice(0, 1);
  const shown = (wanted.length > 0 ? wanted : newest).slice(0, 3);
  return shown.length === 0 ? "it has no tasks" : shown.map((task) => told(view, task)).join("; ");
};

const serviceEnd = (view: View, service: Service): End => ({
  title: service.spec.Name ?? service.id,
  places: placesOf(view, ({ serviceId }) => serviceId === service.id),
  service,
  trouble: troubleOf(view, [...view.tasksOfService(service.id).values()]),
});

/** `web.1`, `web.1.<task id>`, a task's id or the beginning of one. */
const tasksNamed = (view: View, ref: string): readonly Task[] => {
  const [, name = "", slot = ""] = /^(.+)\.(\d+)$/.exec(ref) ?? [];
  const [service] = name === "" ? [] : view.byName("services", name);
  const inSlot = service
    ? [...view.tasksOfService(service.id).values()].filter((one) => one.slot === Number(slot))
    : [];
  if (inSlot.length > 0) return inSlot;
  return [...view.all("tasks").values()].filter(
    (task) => task.id.startsWith(ref) || taskName(view, task) === ref,
  );
};

const taskEnd = (view: View, ref: string, tasks: readonly Task[]): End => {
  const ids = new Set(tasks.map(({ id }) => id));
  return {
    title: ref,
    places: placesOf(view, ({ id }) => ids.has(id)),
    trouble: troubleOf(view, tasks),
  };
};

/**
 * What people mean by a service's name or id, a task's (`web.1` too), or a container's on an attachable
 * network. Throws (not-found) when nothing is called so.
 */
export const findEnd = (view: View, ref: string): End => {
  const [service] = [view.get("services", ref) ?? view.byName("services", ref)].flat();
  if (service) return serviceEnd(view, service);
  const tasks = ref === "" ? [] : tasksNamed(view, ref);
  if (tasks.length > 0) return taskEnd(view, ref, tasks);
  const places = placesOf(
    view,
    ({ id, name, serviceId }) =>
      ref !== "" && serviceId === undefined && (name === ref || id.startsWith(ref)),
  );
  if (places.length > 0) return { title: ref, places, trouble: "" };
  throw new OperationError(
    "not-found",
    `no service, task or container on a network of the cluster is called "${ref}"`,
  );
};
