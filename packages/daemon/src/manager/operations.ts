import type { Clock, Logger, Random } from "@skein/base";
import { formatUnlockKey, newUnlockKey } from "@skein/platform";
import type { AuthorityHandler, Credentials } from "@skein/platform";
import type { ClusterUpdate, Control } from "@skein/manager";
import { findNode, updateCluster } from "@skein/manager";
import type { Store, View } from "@skein/store";
import { planRootChange } from "./root-change.ts";
import type { JoinQuorum, Quorum } from "./state/quorum.ts";

/** What only the leader can do, by name: plain data in and out, so that it can be asked for from afar. */
export type Operations = Readonly<Record<string, (input: never) => Promise<unknown>>>;

export interface OperationsDependencies {
  readonly control: Control;
  readonly authority: AuthorityHandler;
  readonly quorum: Quorum;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** This manager's own, at the time of the call. */
  readonly credentials: () => Credentials;
}

type NodeUpdate = Parameters<Control["nodes"]["update"]>[0];

/** A second manager needs etcd on the first one too. */
const checkPromotion = async (view: View, ref: string, quorum: Quorum): Promise<void> => {
  if (findNode(view, ref).spec.Role !== "manager") await quorum.checkCanGrow();
};

type Group = Readonly<Record<string, (input: never) => Promise<unknown>>>;

const named = (name: string, group: Group): Operations =>
  Object.fromEntries(Object.entries(group).map(([verb, perform]) => [`${name}.${verb}`, perform]));

/** The leader's operations: `services.create`, `swarm.update`, `authority.requestCertificate`, ... */
export const operationsOf = (dependencies: OperationsDependencies): Operations => {
  const { control, authority, quorum, store, random } = dependencies;
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
    "nodes.update": async (input: NodeUpdate) => {
      if (input.spec.Role === "manager") await checkPromotion(store.view, input.ref, quorum);
      await control.nodes.update(input);
    },
    "managers.join": (input: JoinQuorum) => quorum.join(input),
    "managers.leave": (input: { readonly nodeId: string }) => quorum.leave(input),
    "authority.requestCertificate": ({
      request,
      caller,
    }: {
      readonly request: Parameters<AuthorityHandler["requestCertificate"]>[0];
      readonly caller: Parameters<AuthorityHandler["requestCertificate"]>[1];
    }) => authority.requestCertificate(request, caller),
  };
};
