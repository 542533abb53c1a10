import { problem } from "@skein/agent";
import type { ManagerFacts } from "@skein/agent";
import { messageOf } from "@skein/base";
import type { Node } from "@skein/model";
import { etcdHealth, QUOTA_BYTES } from "@skein/platform";
import type { EtcdClient, EtcdHealth } from "@skein/platform";
import type { View } from "@skein/store";
import type { Check } from "@skein/wire";
import type { ManagerRuntime } from "../manager/manager-runtime.ts";

/** How long an etcd that somebody else runs has for an answer, in milliseconds. */
const EXTERNAL_MS = 3000;

const nameOf = (node: Node): string => node.description?.Hostname ?? node.id;

const isReachable = (node: Node): boolean => node.status.state === "ready";

const storeFacts = (
  { members, alarms, version, hasQuorum, dbSize, dbSizeInUse }: EtcdHealth,
  view: View,
): NonNullable<ManagerFacts["store"]> => ({
  version,
  hasQuorum,
  members: members.map(({ name, address, isLearner }) => {
    const node = view.get("nodes", name);
    return {
      name: node ? nameOf(node) : name || address,
      isLearner,
      isReachable: node !== undefined && isReachable(node),
    };
  }),
  alarms: alarms.map(({ alarm }) => alarm),
  dbBytes: dbSize,
  dbUsedBytes: dbSizeInUse,
  quotaBytes: QUOTA_BYTES,
});

const externalFacts = async (
  client: EtcdClient,
): Promise<NonNullable<ManagerFacts["external"]>> => {
  const call = { timeoutMs: EXTERNAL_MS };
  const { version } = await client.status(call);
  return { version, alarms: (await client.alarms(call)).map(({ alarm }) => alarm) };
};

/** What the managers and their store are like, as this one knows it. Never rejects. */
export const managerFacts = async ({
  store: { view },
  candidate,
  home,
}: ManagerRuntime): Promise<ManagerFacts> => {
  const managers = [...view.all("nodes").values()].filter(({ role }) => role === "manager");
  const { leaderId } = candidate;
  const leader = leaderId === undefined ? undefined : view.get("nodes", leaderId);
  const facts: ManagerFacts = {
    ...(leader ? { leader: nameOf(leader) } : {}),
    certificates: managers.flatMap((node) =>
      node.certificateExpires === undefined ? [] : [[nameOf(node), node.certificateExpires]],
    ),
  };
  try {
    if (home.external) return { ...facts, external: await externalFacts(home.external) };
    if (!home.member) return facts;
    return { ...facts, store: storeFacts(await etcdHealth(home.member.client), view) };
  } catch (error) {
    return { ...facts, storeFailure: messageOf(error) };
  }
};

/** A node that is to be a manager, and is none. */
export const absentManager = (reason: string | undefined): Check =>
  problem(
    "manager",
    `this node does not act as a manager: ${reason ?? "it is starting"}`,
    'if it lasts: see docs/guide/managers.md, "After a disaster"',
  );
