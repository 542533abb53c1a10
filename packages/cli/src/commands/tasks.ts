import type { Task } from "@skein/wire";
import type { Flags } from "../command/flag.ts";
import type { Context } from "../command/spec.ts";
import { toMilliseconds } from "../output/go-time.ts";
import { displayImage } from "../output/image.ts";
import { printList } from "../output/list.ts";
import type { Fields, Listing } from "../output/list.ts";
import { createNames } from "../output/names.ts";
import { capitalize, ellipsis, humanDuration, naturalOrder, shortId } from "../output/units.ts";
import { taskFlags } from "./list-flags.ts";

/** Errors in the table are cut to this many columns. */
const ERROR_WIDTH = 30;

const FIELDS = [
  "ID",
  "Name",
  "Image",
  "Node",
  "DesiredState",
  "CurrentState",
  "Error",
  "Ports",
] as const;

const text = (value: string | boolean | undefined): string => String(value ?? "");

const listing: Listing = {
  type: "*task.taskContext",
  headers: {
    ID: "ID",
    Name: "NAME",
    Image: "IMAGE",
    Node: "NODE",
    DesiredState: "DESIRED STATE",
    CurrentState: "CURRENT STATE",
    Error: "ERROR",
    Ports: "PORTS",
  },
  cells: (fields) => FIELDS.map((field) => text(fields[field])),
  raw: [
    ["id", "ID"],
    ["name", "Name"],
    ["image", "Image"],
    ["node", "Node"],
    ["desired_state", "DesiredState"],
    ["current_state", "CurrentState"],
    ["error", "Error"],
    ["ports", "Ports"],
  ],
};

interface NamedTask {
  readonly task: Task;
  readonly name: string;
  readonly node: string;
}

const errorText = (error: string, cut: boolean): string => {
  const shown = cut ? ellipsis(error, ERROR_WIDTH) : error;
  return shown === "" ? "" : `"${shown}"`;
};

const portsText = ({ Status }: Task): string =>
  (Status.PortStatus.Ports ?? [])
    .map(({ PublishedPort = 0, TargetPort = 0, Protocol = "tcp" }) => {
      return `*:${PublishedPort}->${TargetPort}/${Protocol}`;
    })
    .join(",");

const toFields = ({ task, node }: NamedTask, name: string, cut: boolean, now: number): Fields => {
  const image = task.Spec.ContainerSpec?.Image ?? "";
  const age = humanDuration(now - toMilliseconds(task.Status.Timestamp)).toLowerCase();
  return {
    ID: cut ? shortId(task.ID) : task.ID,
    Name: name,
    Image: cut ? displayImage(image) : image,
    Node: node,
    DesiredState: capitalize(task.DesiredState ?? ""),
    CurrentState: `${capitalize(task.Status.State ?? "")} ${age} ago`,
    Error: errorText(task.Status.Err ?? "", cut),
    Ports: portsText(task),
  };
};

/** By name, and the tasks of one slot with the newest first. */
const order = (a: NamedTask, b: NamedTask): number =>
  naturalOrder(a.name, b.name) || (a.task.CreatedAt < b.task.CreatedAt ? 1 : -1);

/** Writes tasks as `service ps` and `node ps` show them. `cut` shortens ids, images and errors. */
export const printTasks = async (
  context: Context,
  tasks: readonly Task[],
  flags: Flags,
  cut: boolean,
): Promise<void> => {
  const names = createNames(context.client(), !flags.on(taskFlags.noResolve));
  const format = flags.get(taskFlags.format) ?? "";
  const named = await Promise.all(
    tasks.map(async (task) => {
      const [service, node] = await Promise.all([
        names.service(task.ServiceID ?? ""),
        names.node(task.NodeID ?? ""),
      ]);
      return { task, node, name: `${service}.${task.Slot || (task.NodeID ?? "")}` };
    }),
  );
  const sorted = named.toSorted(order);
  const indent = format === "" || format.startsWith("table") ? String.raw` \_ ` : "";
  const now = context.clock.now();
  const rows = sorted.map((entry, index) => {
    const former = sorted[index - 1]?.name === entry.name;
    return toFields(entry, former ? indent + entry.name : entry.name, cut, now);
  });
  await printList(context, listing, rows, { format, quiet: flags.on(taskFlags.quiet) });
};
