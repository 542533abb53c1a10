/** Docker's `Version`: the index of the last write of an object. Absent stands for 0. */
export interface Version {
  readonly Index?: number;
}

/** What every swarm object carries. Times are RFC 3339 with nanoseconds, UTC. */
export interface ObjectMeta {
  readonly ID: string;
  readonly Version: Version;
  readonly CreatedAt: string;
  readonly UpdatedAt: string;
}

/** String to string, never null. */
export type StringMap = Readonly<Record<string, string>>;

/** Name and labels, the first part of every spec. */
export interface Annotations {
  readonly Name?: string;
  readonly Labels: StringMap;
}

/** A driver by name, with its options: log drivers, secret drivers, templating, IPAM, volumes. */
export interface Driver {
  readonly Name?: string;
  readonly Options?: StringMap;
}

/** Architecture and operating system, as engines (`x86_64`) or images (`amd64`) name them. */
export interface Platform {
  readonly Architecture?: string;
  readonly OS?: string;
}

/** Whether a node gets tasks: `drain` also moves those that it has. */
export type NodeAvailability = "active" | "pause" | "drain";

/** A node's part in the cluster. */
export type NodeRole = "worker" | "manager";
