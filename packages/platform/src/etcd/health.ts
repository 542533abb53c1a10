import type { CallOptions } from "./channels.ts";
import type { EtcdClient, MemberAlarm, MemberStatus } from "./client.ts";
import { addressOfPeer } from "./peer-address.ts";

/** A member as its cluster knows it. */
export interface MemberHealth {
  readonly id: string;
  /** The manager's node id; empty until it has started once. */
  readonly name: string;
  /** `host:port`. */
  readonly address: string;
  readonly isLearner: boolean;
  readonly isLeader: boolean;
}

/** How the store is. */
export interface EtcdHealth extends MemberStatus {
  readonly members: readonly MemberHealth[];
  readonly alarms: readonly MemberAlarm[];
  /** Whether a majority answers: members and alarms are known only then. */
  readonly hasQuorum: boolean;
}

/**
 * Asks the member of `client` how the store is. Rejects when that member gives no answer; without
 * a quorum it says what it knows by itself.
 */
export const etcdHealth = async (
  client: EtcdClient,
  options: CallOptions = { timeoutMs: 2_000 },
): Promise<EtcdHealth> => {
  const status = await client.status(options);
  try {
    // A linearizable read of nothing: only a quorum answers it.
    await client.range({ key: Buffer.from([0]), keysOnly: true, limit: 1 }, options);
    const [members, alarms] = await Promise.all([client.members(options), client.alarms(options)]);
    return {
      ...status,
      alarms,
      hasQuorum: true,
      members: members.map(({ id, name, peerUrls, isLearner }) => ({
        id,
        name,
        address: addressOfPeer(peerUrls[0] ?? ""),
        isLearner,
        isLeader: id === status.leader,
      })),
    };
  } catch {
    return { ...status, members: [], alarms: [], hasQuorum: false };
  }
};
