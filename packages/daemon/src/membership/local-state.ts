import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, OperationError } from "@skein/base";
import { writeFileAtomically } from "@skein/platform";
import type { StateKind } from "../manager/state/state-home.ts";

/** What a node remembers about its membership over restarts of the daemon. */
export interface LocalState {
  readonly format: 1;
  readonly nodeId: string;
  readonly clusterId: string;
  readonly role: "worker" | "manager";
  /** `host:port` to bind. */
  readonly listenAddr: string;
  /** `host:port` that others dial. */
  readonly advertiseAddr: string;
  readonly dataPathAddr: string;
  /** Managers to dial, `host:port`, newest knowledge. */
  readonly remotes: readonly string[];
  /** Where a manager's state is; absent: in lmdb. */
  readonly state?: StateKind;
}

/** There while a leave is under way. */
const LEAVING = "leaving";

const fileIn = (dataDir: string): string => join(dataDir, "membership.json");

/** Whether this node is, or believes to be, in a cluster: also with a file that can't be read. */
export const hasLocalState = (dataDir: string): boolean => existsSync(fileIn(dataDir));

const isLocalState = (value: unknown): value is LocalState =>
  typeof value === "object" &&
  value !== null &&
  "format" in value &&
  value.format === 1 &&
  "nodeId" in value &&
  typeof value.nodeId === "string" &&
  "role" in value &&
  (value.role === "worker" || value.role === "manager");

/**
 * Reads the membership; undefined when this node is in no cluster. A file that is there but can't be
 * understood is an error (internal) and is never overwritten by itself.
 */
export const readLocalState = async (dataDir: string): Promise<LocalState | undefined> => {
  let text: string;
  try {
    text = await readFile(fileIn(dataDir), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw corrupt(dataDir, messageOf(error));
  }
  if (!isLocalState(value)) throw corrupt(dataDir, "fields are missing or of a newer format");
  return value;
};

const corrupt = (dataDir: string, reason: string): OperationError =>
  new OperationError(
    "internal",
    `the membership file "${fileIn(dataDir)}" can't be read (${reason}): restore it from a backup, ` +
      "or leave the cluster with `docker swarm leave --force` and join again",
  );

/**
 * Refuses (internal) a certificate that is not of this membership: parts of two data directories were
 * mixed. The role may differ: a change of it may not have been carried out.
 */
export const checkBelongs = (
  { nodeId, clusterId }: LocalState,
  identity: { readonly nodeId: string; readonly clusterId: string },
  dataDir: string,
): void => {
  if (identity.nodeId === nodeId && identity.clusterId === clusterId) return;
  throw new OperationError(
    "internal",
    `"${dataDir}" tells of node ${nodeId} in cluster ${clusterId}, and the certificate there is of node ` +
      `${identity.nodeId} in cluster ${identity.clusterId}: put back the data directory that belongs together, ` +
      "or leave the cluster with `docker swarm leave --force` and join again",
  );
};

/** Writes the membership, all or nothing. */
export const writeLocalState = (dataDir: string, state: LocalState): Promise<void> =>
  writeFileAtomically(fileIn(dataDir), `${JSON.stringify(state, null, 2)}\n`);

/** Forgets the membership, then everything else that belonged to it. */
export const removeLocalState = async (dataDir: string): Promise<void> => {
  const leaving = join(dataDir, LEAVING);
  await writeFile(leaving, "").catch(() => {
    // On a full disk one leaves all the same; a crash right now would only leave more behind.
  });
  await rm(fileIn(dataDir), { force: true });
  await wipeMembership(dataDir);
  await rm(leaving, { force: true });
};

/** Ends a leave that a crash interrupted. */
export const finishLeaving = async (dataDir: string): Promise<void> => {
  if (existsSync(join(dataDir, LEAVING))) await removeLocalState(dataDir);
};

/** All that belongs to a membership but the file that tells of it. */
const belongings = [
  "state",
  "etcd",
  "certificates",
  "agent",
  "agent.damaged",
  "manager.key",
] as const;

/** What belongs to a manager, and is of no use to a worker. */
export const wipeManager = async (dataDir: string): Promise<void> => {
  for (const name of ["state", "etcd", "manager.key"])
    await rm(join(dataDir, name), { recursive: true, force: true });
};

/** Removes what an init, join or leave that failed may have left behind. */
export const wipeMembership = async (dataDir: string): Promise<void> => {
  for (const name of belongings) await rm(join(dataDir, name), { recursive: true, force: true });
};

/**
 * Sets aside what is there without a membership: remains of an init or join that was interrupted, or
 * of a cluster whose membership file got lost, and whose state may be all that is left of it. Resolves to where it is now, if anything.
 */
export const setAsideRemains = async (
  dataDir: string,
  now: number,
): Promise<string | undefined> => {
  const remains = belongings.filter((name) => existsSync(join(dataDir, name)));
  if (remains.length === 0) return undefined;
  const aside = join(dataDir, `without-membership-${now}`);
  await mkdir(aside, { mode: 0o700 });
  for (const name of remains) await rename(join(dataDir, name), join(aside, name));
  return aside;
};

/** Where this node's certificate and key are. */
export const certificateDirectory = (dataDir: string): string => join(dataDir, "certificates");
