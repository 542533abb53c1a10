import { OperationError } from "@skein/base";
import type { Backend } from "../backend.ts";
import { json } from "../http.ts";
import type { Route } from "../router.ts";

const listOf = (text: string): readonly string[] => text.split(",").filter((part) => part !== "");

const MAX_PORT = 65_535;

/** `8080`, `53/udp`; empty: only whether the other end is reached. */
const parsePort = (text: string): { readonly port: number; readonly protocol: "tcp" | "udp" } => {
  if (text === "") return { port: 0, protocol: "tcp" };
  const [, digits = "", protocol = "tcp"] = /^(\d{1,5})(?:\/(tcp|udp))?$/.exec(text) ?? [];
  const port = Number(digits);
  if (port < 1 || port > MAX_PORT)
    throw new OperationError(
      "invalid-parameter",
      `invalid port "${text}": use a number from 1 to 65535, with /udp behind it for UDP`,
    );
  return { port, protocol: protocol === "udp" ? "udp" : "tcp" };
};

/** Skein's own routes: what is wrong with a node, and with the way between two containers. */
export const diagnosisRoutes = ({ diagnosis }: Backend): readonly Route[] => [
  {
    // A node is examined anew, and what differs is repaired if that is asked for.
    method: "POST",
    pattern: "/skein/v1/doctor",
    handler: async ({ query }) =>
      json(
        200,
        await diagnosis.examine({
          groups: listOf(query.text("groups")),
          repair: query.flag("repair"),
          node: query.text("node"),
        }),
      ),
  },
  {
    method: "GET",
    pattern: "/skein/v1/networks/trace",
    handler: async ({ query }) =>
      json(
        200,
        await diagnosis.trace({
          source: query.text("source"),
          destination: query.text("destination"),
          ...parsePort(query.text("port")),
        }),
      ),
  },
];
