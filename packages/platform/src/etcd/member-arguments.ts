import { peerUrlOf } from "./peer-address.ts";

/** How a member runs. All have defaults. */
export interface MemberSettings {
  /** Milliseconds between the leader's signs of life; 100. */
  readonly heartbeatMs?: number;
  /** Milliseconds of silence after which another leader is elected; 1,000. */
  readonly electionMs?: number;
  /** Bytes the database may have; 8 GiB. */
  readonly quotaBytes?: number;
}

/** A member that is there already. */
export interface KnownMember {
  readonly name: string;
  /** `host:port`. */
  readonly address: string;
}

/** How a member with an empty directory begins; one that has data goes on from it. */
export type MemberStart =
  /** The first member of a new cluster; `token` must never be used twice. */
  | { readonly kind: "new"; readonly token: string }
  /** Was added by a member; `members` are all others. */
  | { readonly kind: "join"; readonly members: readonly KnownMember[] }
  | { readonly kind: "continue" }
  /** The other members are lost for good: goes on alone with what this one has. */
  | { readonly kind: "force-new-cluster" };

/** File names of the sockets in the member's directory: etcd takes a host and a port, no path. */
export const CLIENT_SOCKET = "client:0";
/** See {@link CLIENT_SOCKET}. */
export const PEER_SOCKET = "peer:0";

const TXN_OPS_MAX = 10_000;
/**
 * Never 10 MiB or more: etcd writes what it is given, and then refuses to start, since what it has
 * written ahead holds too large an entry. All members would.
 */
const REQUEST_BYTES_MAX = 8_388_608;
/** Bytes that the database of a member may have, unless its settings say otherwise. */
export const QUOTA_BYTES = 8_589_934_592;
/** Entries kept in memory besides; a member that is behind by more is sent a whole snapshot. */
const SNAPSHOT_ENTRIES = 1_000;

const initialCluster = (name: string, address: string, start: MemberStart): string =>
  [...(start.kind === "join" ? start.members : []), { name, address }]
    .map((member) => `${member.name}=${peerUrlOf(member.address)}`)
    .join(",");

/** What etcd is started with. It runs in the member's directory: the sockets are made there. */
export const memberArguments = (
  name: string,
  address: string,
  start: MemberStart,
  settings: MemberSettings,
): readonly string[] => {
  const values = {
    name,
    "data-dir": "data",
    "listen-client-urls": `unix://${CLIENT_SOCKET}`,
    "listen-peer-urls": `unix://${PEER_SOCKET}`,
    // Nobody dials it, but a member must have one.
    "advertise-client-urls": `http://${name}.invalid:1`,
    "initial-advertise-peer-urls": peerUrlOf(address),
    "initial-cluster": initialCluster(name, address, start),
    // Only who is new may begin a cluster: with "existing" a member whose data is gone refuses.
    "initial-cluster-state": start.kind === "new" ? "new" : "existing",
    "initial-cluster-token": start.kind === "new" ? start.token : "skein",
    "heartbeat-interval": settings.heartbeatMs ?? 100,
    "election-timeout": settings.electionMs ?? 1_000,
    "pre-vote": true,
    "max-txn-ops": TXN_OPS_MAX,
    "max-request-bytes": REQUEST_BYTES_MAX,
    "quota-backend-bytes": settings.quotaBytes ?? QUOTA_BYTES,
    "snapshot-count": SNAPSHOT_ENTRIES,
    "enable-grpc-gateway": false,
    logger: "zap",
    "log-outputs": "stderr",
    "force-new-cluster": start.kind === "force-new-cluster",
  };
  return Object.entries(values).map(([flag, value]) => `--${flag}=${value}`);
};
