import type { Clock, Logger, Random } from "@skein/base";
import { formatUnlockKey, newUnlockKey } from "@skein/platform";
import type { AuthorityHandler, Credentials } from "@skein/platform";
import type { ClusterUpdate, Control } from "@skein/manager";
import { updateCluster } from "@skein/manager";
import type { Store } from "@skein/store";
import { planRootChange } from "./root-change.ts";

/** What only the leader can do, by name: plain data in and out, so that it can be asked for from afar. */
export type Operations = Readonly<Record<string, (input: never) => Promise<unknown>>>;

export interface OperationsDependencies {
  readonly control: Control;
  readonly authority: AuthorityHandler;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** This manager's own, at the time of the call. */
  readonly credentials: () => Credentials;
}

type Group = Readonly<Record<string, (input: never) => Promise<unknown>>>;

const named = (name: string, group: Group): Operations =>
  Object.fromEntries(Object.entries(group).map(([verb, perform]) => [`${name}.${verb}`, perform]));

/** The leader's operations: `services.create`, `swarm.update`, `authority.requestCertificate`, ... */
export const operationsOf = (dependencies: OperationsDependencies): Operations => {
  const { control, authority, store, random } = dependencies;
  const newKey = (): string => formatUnlockKey(newUnlockKey(random));
  return {
    ...named("nodes", control.nodes),
    ...named("services", control.services),
    ...named("secrets", control.secrets),
    ...named("configs", control.configs),
    ...named("networks", control.networks),
    ...named("diagnosis", control.diagnosis),
    "swarm.update": async (input: ClusterUpdate) => {
      const rootCa = await planRootChange(store.view, input, dependencies);
      await store.transact((tx) => updateCluster(tx, random, { ...input, rootCa }, newKey));
    },
    "authority.requestCertificate": ({
      request,
      caller,
    }: {
      readonly request: Parameters<AuthorityHandler["requestCertificate"]>[0];
      readonly caller: Parameters<AuthorityHandler["requestCertificate"]>[1];
    }) => authority.requestCertificate(request, caller),
  };
};
