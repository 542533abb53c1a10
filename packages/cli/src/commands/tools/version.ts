import { ConnectionError } from "@skein/sdk";
import type { VersionInfo } from "@skein/sdk";
import { CommandError } from "../../command/errors.ts";
import type { Context, Run } from "../../command/spec.ts";
import { goJson } from "../../output/json.ts";
import { describeError } from "../../output/report.ts";
import { VERSION } from "../../version.ts";
import { formatFlag } from "./tool-flags.ts";

const client = {
  Version: VERSION,
  Runtime: `Node.js ${process.versions.node}`,
  Os: process.platform,
  Arch: process.arch,
};

/** What the server says, or why it says nothing. */
type Server = { readonly info: VersionInfo } | { readonly error: string };

const ask = async (context: Context): Promise<Server> => {
  try {
    return { info: await context.client().system.version() };
  } catch (error) {
    if (error instanceof ConnectionError) return { error: describeError(error) };
    throw error;
  }
};

const row = (label: string, value: string): string => ` ${label.padEnd(18)} ${value}\n`;

const serverText = (info: VersionInfo): string => {
  const least = info.MinAPIVersion === undefined ? "" : ` (minimum version ${info.MinAPIVersion})`;
  const components = (info.Components ?? []).map(({ Name, Version }) => row(`${Name}:`, Version));
  return `\nServer:\n${row("Version:", info.Version)}${row("API version:", info.ApiVersion + least)}${row("OS/Arch:", `${info.Os ?? ""}/${info.Arch ?? ""}`)}${components.join("")}`;
};

/** `skein version`: of the command, and of the daemon if it answers. */
export const run: Run = async (context, flags) => {
  const format = flags.get(formatFlag) ?? "";
  const server = await ask(context);
  const info = "info" in server ? server.info : null;
  const data = { Client: client, Server: info };
  if (format === "json") context.out(`${goJson(data)}\n`);
  else if (format !== "") {
    const { compileTemplate } = await import("../../output/template.ts");
    context.out(`${compileTemplate(format).execute(data)}\n`);
  } else {
    context.out(
      `Client:\n${row("Version:", client.Version)}${row("Runtime:", client.Runtime)}${row("OS/Arch:", `${client.Os}/${client.Arch}`)}${info ? serverText(info) : ""}`,
    );
  }
  if ("error" in server) throw new CommandError(server.error);
};
