import type { EngineDescription, Node, StringMap } from "@skein/wire";
import { formatTime } from "../../output/go-time.ts";
import { capitalize, humanSize } from "../../output/units.ts";

/** Entries of a map sorted by key, as Go's templates walk them. */
const entries = (map: StringMap | undefined): readonly (readonly [string, string])[] =>
  Object.entries(map ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));

const labelLines = (title: string, labels: StringMap | undefined): readonly string[] => {
  const list = entries(labels);
  if (list.length === 0) return [];
  return [title, ...list.map(([key, value]) => ` - ${key}${value === "" ? "" : `=${value}`}`)];
};

const statusLines = ({ Status, Spec }: Node): readonly string[] => [
  "Status:",
  ` State:\t\t\t${capitalize(Status.State ?? "")}`,
  ...(Status.Message ? [` Message:              \t${capitalize(Status.Message)}`] : []),
  ` Availability:         \t${capitalize(Spec.Availability)}`,
  ...(Status.Addr ? [` Address:\t\t${Status.Addr}`] : []),
];

const managerLines = ({ ManagerStatus: status }: Node): readonly string[] =>
  status
    ? [
        "Manager Status:",
        ` Address:\t\t${status.Addr ?? ""}`,
        ` Raft Status:\t\t${capitalize(status.Reachability ?? "")}`,
        ` Leader:\t\t${status.Leader === true ? "Yes" : "No"}`,
      ]
    : [];

const pluginLines = ({ Plugins = [] }: EngineDescription): readonly string[] => {
  if (Plugins.length === 0) return [];
  const byType: Record<string, string> = {};
  for (const { Type = "", Name = "" } of Plugins)
    byType[Type] = byType[Type] === undefined ? Name : `${byType[Type]}, ${Name}`;
  return ["Plugins:", ...entries(byType).map(([type, names]) => ` ${type}:\t\t${names}`)];
};

const tlsLines = ({ Description }: Node): readonly string[] => {
  const { TrustRoot = "", CertIssuerSubject = "", CertIssuerPublicKey = "" } = Description.TLSInfo;
  if (TrustRoot + CertIssuerSubject + CertIssuerPublicKey === "") return [];
  return [
    "TLS Info:",
    " TrustRoot:",
    TrustRoot,
    ` Issuer Subject:\t${CertIssuerSubject}`,
    ` Issuer Public Key:\t${CertIssuerPublicKey}`,
  ];
};

/** A node as `node inspect --pretty` shows it, without the last line's end. */
export const prettyNode = (node: Node): string => {
  const { Spec, Description } = node;
  const { NanoCPUs = 0, MemoryBytes = 0 } = Description.Resources;
  return [
    `ID:\t\t\t${node.ID}`,
    ...(Spec.Name ? [`Name:\t\t\t${Spec.Name}`] : []),
    ...labelLines("Labels:", Spec.Labels),
    `Hostname:              \t${Description.Hostname ?? ""}`,
    `Joined at:             \t${capitalize(formatTime(node.CreatedAt))}`,
    ...statusLines(node),
    ...managerLines(node),
    "Platform:",
    ` Operating System:\t${Description.Platform.OS ?? ""}`,
    ` Architecture:\t\t${Description.Platform.Architecture ?? ""}`,
    "Resources:",
    ` CPUs:\t\t\t${Math.trunc(NanoCPUs / 1e9)}`,
    ` Memory:\t\t${MemoryBytes === 0 ? "" : humanSize(MemoryBytes)}`,
    ...pluginLines(Description.Engine),
    `Engine Version:\t\t${Description.Engine.EngineVersion ?? ""}`,
    ...labelLines("Engine Labels:", Description.Engine.Labels),
    ...tlsLines(node),
  ].join("\n");
};
