import type { Client } from "@skein/sdk";

/** Gives names for ids, and the id itself where no name is known. */
export interface Names {
  node(id: string): Promise<string>;
  service(id: string): Promise<string>;
}

const lazy = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
};

const orNothing = async (
  list: () => Promise<readonly (readonly [string, string])[]>,
): Promise<ReadonlyMap<string, string>> => {
  try {
    return new Map(await list());
  } catch {
    // Names are a convenience: whoever may not list them sees ids.
    return new Map();
  }
};

const look = async (
  names: () => Promise<ReadonlyMap<string, string>>,
  id: string,
): Promise<string> => (id === "" ? id : (await names()).get(id) || id);

/** Names from one list of nodes and one of services, each read when first needed. */
export const createNames = (client: Client, resolve: boolean): Names => {
  if (!resolve) return { node: async (id) => id, service: async (id) => id };
  const nodes = lazy(() =>
    orNothing(async () =>
      (await client.nodes.list()).map((node) => {
        const { Name } = node.Spec;
        return [node.ID, (Name || node.Description.Hostname) ?? ""] as const;
      }),
    ),
  );
  const services = lazy(() =>
    orNothing(async () =>
      (await client.services.list()).map(({ ID, Spec }) => [ID, Spec.Name ?? ""] as const),
    ),
  );
  return { node: (id) => look(nodes, id), service: (id) => look(services, id) };
};
