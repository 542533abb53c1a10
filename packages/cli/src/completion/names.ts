import type { Client } from "@skein/sdk";

/** Where names come from. */
export interface Source {
  client(): Client;
}

/** Kinds of objects that have names. */
export type ObjectKind =
  | "nodes"
  | "services"
  | "service-scale"
  | "secrets"
  | "configs"
  | "networks"
  | "service-or-task";

type Names = readonly (readonly [word: string, meaning: string])[];

const withoutMeaning = (names: readonly string[]): Names =>
  names.filter((name) => name !== "").map((name) => [name, ""]);

const services = async (client: Client): Promise<readonly string[]> =>
  (await client.services.list()).map(({ Spec }) => Spec.Name ?? "");

const list = async (kind: ObjectKind, client: Client): Promise<Names> => {
  if (kind === "nodes") {
    const nodes = await client.nodes.list();
    const names = nodes.map(({ Description, Spec }): readonly [string, string] => [
      Description.Hostname ?? "",
      Spec.Role,
    ]);
    return [...names.filter(([name]) => name !== ""), ["self", "this node"]];
  }
  if (kind === "secrets" || kind === "configs")
    return withoutMeaning((await client[kind].list()).map(({ Spec }) => Spec.Name ?? ""));
  if (kind === "networks") {
    const networks = await client.networks.list({ scope: ["swarm"] });
    return withoutMeaning(networks.map(({ Name }) => Name));
  }
  const names = await services(client);
  return withoutMeaning(kind === "service-scale" ? names.map((name) => `${name}=`) : names);
};

/** The names of all objects of a kind; none when the daemon cannot be asked. */
export const namesFor = async (kind: ObjectKind, source: Source): Promise<Names> => {
  try {
    return await list(kind, source.client());
  } catch {
    // A shell that completes has no place for errors.
    return [];
  }
};
