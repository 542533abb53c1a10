import type { SystemInfo } from "@skein/sdk";
import type { Node, TLSInfo } from "@skein/wire";
import type { Run } from "../../command/spec.ts";
import { filterFlag, listFormat } from "../../flags/common.ts";
import { printList } from "../../output/list.ts";
import type { Fields, Listing } from "../../output/list.ts";
import { capitalize, naturalOrder } from "../../output/units.ts";
import { toFilters } from "../filters.ts";
import { quietIds } from "../list-flags.ts";

const text = (value: string | boolean | undefined): string => String(value ?? "");

const listing: Listing = {
  type: "*node.nodeContext",
  headers: {
    ID: "ID",
    Self: "",
    Hostname: "HOSTNAME",
    Status: "STATUS",
    Availability: "AVAILABILITY",
    ManagerStatus: "MANAGER STATUS",
    EngineVersion: "ENGINE VERSION",
    TLSStatus: "TLS STATUS",
  },
  cells: (fields) => [
    `${text(fields["ID"])} ${fields["Self"] === true ? "*" : " "}`,
    ...["Hostname", "Status", "Availability", "ManagerStatus", "EngineVersion"].map((field) =>
      text(fields[field]),
    ),
  ],
  raw: [
    ["node_id", "ID"],
    ["hostname", "Hostname"],
    ["status", "Status"],
    ["availability", "Availability"],
    ["manager_status", "ManagerStatus"],
  ],
};

const isEmpty = ({ TrustRoot, CertIssuerSubject, CertIssuerPublicKey }: TLSInfo): boolean =>
  !TrustRoot && !CertIssuerSubject && !CertIssuerPublicKey;

const tlsStatus = (node: TLSInfo, cluster: TLSInfo | undefined): string => {
  if (!cluster || isEmpty(cluster) || isEmpty(node)) return "Unknown";
  const same =
    node.TrustRoot === cluster.TrustRoot &&
    node.CertIssuerSubject === cluster.CertIssuerSubject &&
    node.CertIssuerPublicKey === cluster.CertIssuerPublicKey;
  return same ? "Ready" : "Needs Rotation";
};

const managerStatus = ({ ManagerStatus }: Node): string =>
  ManagerStatus?.Leader === true ? "leader" : (ManagerStatus?.Reachability ?? "");

const toFields = (node: Node, info: SystemInfo | undefined): Fields => ({
  ID: node.ID,
  Self: node.ID === info?.Swarm.NodeID,
  Hostname: node.Description.Hostname ?? "",
  Status: capitalize(node.Status.State ?? ""),
  Availability: capitalize(node.Spec.Availability),
  ManagerStatus: capitalize(managerStatus(node)),
  EngineVersion: node.Description.Engine.EngineVersion ?? "",
  TLSStatus: tlsStatus(node.Description.TLSInfo, info?.Swarm.Cluster?.TLSInfo),
});

/** `skein node ls`. */
export const run: Run = async (context, flags) => {
  const client = context.client();
  const quiet = flags.on(quietIds);
  const nodes = await client.nodes.list(toFilters(flags.all(filterFlag)));
  const info = nodes.length > 0 && !quiet ? await client.system.info() : undefined;
  const rows = nodes
    .toSorted((a, b) => naturalOrder(a.Description.Hostname ?? "", b.Description.Hostname ?? ""))
    .map((node) => toFields(node, info));
  await printList(context, listing, rows, { format: flags.get(listFormat) ?? "", quiet });
};
