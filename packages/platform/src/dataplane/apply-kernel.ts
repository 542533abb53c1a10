import type { Change, KernelChanges } from "@skein/agent";
import { messageOf } from "@skein/base";
import { cutConnections } from "./connections.ts";
import { writeFilter } from "./filter.ts";
import type { NftSession } from "./nft-session.ts";
import type { Programs } from "./programs.ts";
import { renderEncryption, withoutKeys } from "./render-encryption.ts";
import { renderDevices } from "./render-devices.ts";
import { renderTables } from "./render-tables.ts";

/** Gives the commands to one process; those behind one that fails are done all the same. */
const batch = async (
  programs: Programs,
  program: "ip" | "bridge",
  commands: readonly string[],
): Promise<readonly string[]> => {
  if (commands.length === 0) return [];
  const result = await programs.run(program, ["-force", "-batch", "-"], `${commands.join("\n")}\n`);
  if (result.code === 0) return [];
  const failed = [...result.stderr.matchAll(/Command failed -:(\d+)/g)].map(
    ([, line]) => `${program} ${commands[Number(line) - 1]}`,
  );
  const said = result.stderr.trim();
  return [withoutKeys(`${failed.slice(0, 3).join("; ")}: ${said.slice(0, 500)}`)];
};

const writeSysctls = async (
  programs: Programs,
  changes: readonly Change<string>[],
): Promise<readonly string[]> => {
  if (changes.length === 0) return [];
  // The value is given with its path: the shell reads nothing else.
  const script = 'cd /proc/sys && while read -r path value; do echo "$value" >"$path"; done';
  const input = changes.map(({ key, now }) => `${key} ${now}\n`).join("");
  const { stderr } = await programs.run("sh", ["-c", script], input);
  return stderr === "" ? [] : [stderr.trim()];
};

const writeTables = async (
  session: NftSession,
  changes: KernelChanges["tables"],
): Promise<readonly string[]> => {
  for (const line of renderTables(changes)) {
    const complaints = await session.run(line);
    // nft repeats the line, which may be long.
    if (complaints !== "") return complaints.split("\n").filter((text) => text.includes("Error: "));
  }
  return [];
};

const writeFilters = async (
  programs: Programs,
  changes: KernelChanges["filters"],
): Promise<readonly string[]> => {
  const errors: string[] = [];
  for (const { family, now } of changes) errors.push(...(await writeFilter(programs, family, now)));
  return errors;
};

/** Without the VXLAN ports for which it is not settled what must be encrypted: they stay away. */
const withoutUnsettled = (changes: KernelChanges): KernelChanges => {
  const unsettled = new Set(changes.policies.flatMap(({ now }) => now?.port ?? []));
  return {
    ...changes,
    vxlans: changes.vxlans.filter(({ now }) => now === undefined || !unsettled.has(now.port)),
  };
};

/**
 * Makes the changes in the order in which traffic suffers least: what must be encrypted and how, what is
 * new, then where connections lead, then what is old, and last the connections that lead nowhere. Goes on after a failure: one network that
 * cannot be made must not hold up the others. Returns what went wrong.
 */
export const applyToKernel = async (
  { programs, session }: { readonly programs: Programs; readonly session: NftSession },
  changes: KernelChanges,
): Promise<readonly string[]> => {
  const encryption = renderEncryption(changes);
  const refused = await batch(programs, "ip", encryption.additions).catch((error: unknown) => [
    messageOf(error),
  ]);
  const commands = renderDevices(refused.length > 0 ? withoutUnsettled(changes) : changes);
  const steps: readonly (() => Promise<readonly string[]>)[] = [
    () => batch(programs, "ip", commands.links),
    () => writeSysctls(programs, changes.sysctls),
    () => batch(programs, "ip", commands.additions),
    () => batch(programs, "bridge", commands.forwarding),
    () => writeFilters(programs, changes.filters),
    () => writeTables(session, changes.tables),
    () => batch(programs, "ip", commands.removals),
    () => batch(programs, "bridge", commands.forgetting),
    () => batch(programs, "ip", encryption.removals),
    () => cutConnections(programs, changes.cut),
  ];
  const errors: string[] = [...refused];
  for (const step of steps)
    errors.push(...(await step().catch((error: unknown) => [messageOf(error)])));
  return errors;
};
