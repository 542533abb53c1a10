import type { Client } from "@skein/sdk";
import type { Service, ServiceStatus } from "@skein/wire";
import type { Run } from "../../command/spec.ts";
import { filterFlag, listFormat } from "../../flags/common.ts";
import { displayImage } from "../../output/image.ts";
import { printList } from "../../output/list.ts";
import type { Fields, Listing } from "../../output/list.ts";
import { naturalOrder, shortId } from "../../output/units.ts";
import { toFilters } from "../filters.ts";
import { quietIds } from "../list-flags.ts";
import { publishedPorts } from "./port-ranges.ts";

const FIELDS = ["ID", "Name", "Mode", "Replicas", "Image", "Ports"] as const;

const listing: Listing = {
  type: "*service.serviceContext",
  headers: {
    ID: "ID",
    Name: "NAME",
    Mode: "MODE",
    Replicas: "REPLICAS",
    Image: "IMAGE",
    Ports: "PORTS",
  },
  cells: (fields) => FIELDS.map((field) => String(fields[field] ?? "")),
  raw: [
    ["id", "ID"],
    ["name", "Name"],
    ["mode", "Mode"],
    ["replicas", "Replicas"],
    ["image", "Image"],
    ["ports", "Ports"],
  ],
};

const modeName = ({ Mode }: Service["Spec"]): string => {
  if (Mode.Global) return "global";
  if (Mode.Replicated) return "replicated";
  if (Mode.ReplicatedJob) return "replicated job";
  return Mode.GlobalJob ? "global job" : "";
};

const replicas = ({ Spec, ServiceStatus: status }: Service): string => {
  const {
    RunningTasks: running = 0,
    DesiredTasks: desired = 0,
    CompletedTasks: done = 0,
  } = status ?? {};
  const counts = `${running}/${desired}`;
  const { Replicated, ReplicatedJob, GlobalJob } = Spec.Mode;
  if (ReplicatedJob) return `${counts} (${done}/${ReplicatedJob.TotalCompletions ?? 0} completed)`;
  if (GlobalJob) return `${counts} (${done}/${desired + done} completed)`;
  const most = Spec.TaskTemplate.Placement?.MaxReplicas ?? 0;
  return Replicated && most > 0 ? `${counts} (max ${most} per node)` : counts;
};

const toFields = (service: Service): Fields => ({
  ID: shortId(service.ID),
  Name: service.Spec.Name ?? "",
  Mode: modeName(service.Spec),
  Replicas: replicas(service),
  Image: displayImage(service.Spec.TaskTemplate.ContainerSpec?.Image ?? ""),
  Ports: publishedPorts(service.Endpoint.Ports ?? []),
});

/** Task counts for services whose answer had none (API before 1.41). */
const countTasks = async (
  client: Client,
  services: readonly Service[],
): Promise<readonly Service[]> => {
  const lacking = services.filter(({ ServiceStatus: status }) => !status);
  if (lacking.length === 0) return services;
  const [tasks, nodes] = await Promise.all([
    client.tasks.list({ service: lacking.map(({ ID }) => ID) }),
    client.nodes.list(),
  ]);
  const up = new Set(nodes.filter((node) => node.Status.State !== "down").map(({ ID }) => ID));
  const count = (service: Service): ServiceStatus => {
    const own = tasks.filter(({ ServiceID }) => ServiceID === service.ID);
    const running = own.filter(
      ({ Status, NodeID }) => Status.State === "running" && up.has(NodeID ?? ""),
    );
    const wanted = own.filter(({ DesiredState }) => DesiredState !== "shutdown");
    const desired = own.length > 0 ? wanted.length : (service.Spec.Mode.Replicated?.Replicas ?? 0);
    return { RunningTasks: running.length, DesiredTasks: desired, CompletedTasks: 0 };
  };
  return services.map((service) =>
    service.ServiceStatus ? service : { ...service, ServiceStatus: count(service) },
  );
};

/** `skein service ls`. */
export const run: Run = async (context, flags) => {
  const client = context.client();
  const quiet = flags.on(quietIds);
  const listed = await client.services.list({
    filters: toFilters(flags.all(filterFlag)),
    status: !quiet,
  });
  const services = quiet ? listed : await countTasks(client, listed);
  const rows = services
    .toSorted((a, b) => naturalOrder(a.Spec.Name ?? "", b.Spec.Name ?? ""))
    .map(toFields);
  await printList(context, listing, rows, { format: flags.get(listFormat) ?? "", quiet });
};
