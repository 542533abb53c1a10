import type { Check, DoctorReport } from "@skein/wire";
import type { Client } from "@skein/sdk";
import { CommandError } from "../../command/errors.ts";
import type { Run } from "../../command/spec.ts";
import { alignTabs } from "../../output/table.ts";
import { goJson } from "../../output/json.ts";
import { describeError } from "../../output/report.ts";
import { nodeReference } from "../self.ts";
import { doctorFlags } from "./tool-flags.ts";

const lineOf = ({ Status, Name, Finding, Advice }: Check): string =>
  `  ${Status}\t${Name}\t${Finding}\n${Advice === "" ? "" : `  \t\t-> ${Advice}\n`}`;

/** A node's checks, group by group, each with what to do. */
export const reportText = ({ Hostname, NodeID, Groups }: DoctorReport): string => {
  const head = `Node ${Hostname}${NodeID === "" ? "" : ` (${NodeID})`}\n`;
  const lines = Groups.map(({ Name, Checks }) => `${Name}:\n${Checks.map(lineOf).join("")}`);
  return head + alignTabs(lines.join(""));
};

const problemsOf = ({ Groups }: DoctorReport): number =>
  Groups.flatMap(({ Checks }) => Checks).filter(({ Status }) => Status === "problem").length;

/** A node that cannot be asked has that problem. */
const unreached = (node: string, error: unknown): DoctorReport => ({
  NodeID: "",
  Hostname: node,
  Groups: [
    {
      Name: "cluster",
      Checks: [
        {
          Name: "session",
          Status: "problem",
          Finding: describeError(error),
          Advice: "see 'docker node ls', and the daemon on that node",
        },
      ],
    },
  ],
});

/** Ids with hostnames; an empty id is the node that is asked. */
const nodesOf = async (
  client: Client,
  node: string | undefined,
): Promise<readonly (readonly [id: string, name: string])[]> => {
  if (node === undefined) return [["", ""]];
  if (node !== "all") return [[await nodeReference(client, node), node]];
  const nodes = await client.nodes.list();
  return nodes.map(({ ID, Description }) => [ID, Description.Hostname ?? ID]);
};

/** `skein doctor`: looks at nodes, and fails when one has a problem. Networks are repaired when named. */
export const run: Run = async (context, flags, args) => {
  const format = flags.get(doctorFlags.format) ?? "";
  if (format !== "" && format !== "json")
    throw new CommandError(`unknown format "${format}": use json, or leave it out`);
  const client = context.client();
  const node = flags.get(doctorFlags.node);
  const nodes = await nodesOf(client, node);
  const reports = await Promise.all(
    nodes.map(([id, name]) => {
      const options = { groups: args, repair: args.includes("network"), node: id };
      const report = client.diagnosis.examine(options);
      // One node that is away must not hide the others.
      return node === "all" ? report.catch((error: unknown) => unreached(name, error)) : report;
    }),
  );
  context.out(
    format === "json"
      ? `${goJson(node === "all" ? reports : reports[0])}\n`
      : reports.map(reportText).join("\n"),
  );
  const problems = reports.reduce((sum, report) => sum + problemsOf(report), 0);
  if (problems > 0) throw new CommandError(`${problems} problem${problems === 1 ? "" : "s"} found`);
};
