import { chmod, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { OperationError } from "@skein/base";
import type { Logger } from "@skein/base";
import { isMissing } from "../shared/atomic-file.ts";
import type { EtcdClient } from "./client.ts";
import { connectEtcd } from "./client.ts";
import { checkEtcdBinary } from "./etcd-binary.ts";
import { runEtcd } from "./etcd-process.ts";
import type { EtcdProcess, RunEnd } from "./etcd-process.ts";
import { CLIENT_SOCKET, memberArguments, PEER_SOCKET } from "./member-arguments.ts";
import type { MemberSettings, MemberStart } from "./member-arguments.ts";
import { pause, persist } from "./patience.ts";
import { startPeerCarriage } from "./peer-carriage.ts";
import type { DialPeer, PeerCarriage } from "./peer-carriage.ts";
import { openSocketDirectory } from "./socket-path.ts";
import type { SocketDirectory } from "./socket-path.ts";

/** What a member is made of. */
export interface EtcdMemberOptions extends MemberSettings {
  /** Its own directory, made with mode 0700 when missing: data and sockets. */
  readonly directory: string;
  /** The manager's node id. */
  readonly name: string;
  /** `host:port` under which other managers reach this one; etcd never listens there. */
  readonly address: string;
  readonly dialPeer: DialPeer;
  readonly logger: Logger;
  /** `etcd` from the PATH when absent. */
  readonly binary?: string;
}

/** Why a member does not run any more. */
export type MemberEnd = { readonly kind: "stopped" } | Exclude<RunEnd, { kind: "exited" }>;

/** A member of etcd that runs as our child, and is started again when it dies. */
export interface EtcdMember {
  readonly name: string;
  /** Reaches this member; closed by {@link EtcdMember.stop}. */
  readonly client: EtcdClient;
  /** Of the present run; changes when it is started again. */
  readonly pid: number | undefined;
  /** Why the last run ended, when it did not end by our will. */
  readonly problem: string | undefined;
  /** Takes a connection of another member that the caller has authorised. */
  acceptPeer(stream: Duplex): void;
  /**
   * Resolves when the member answers: a learner at once, others when there is a leader. Rejects
   * (kind `unavailable`) with the reason when it has ended, or does not answer in `timeoutMs`.
   */
  ready(timeoutMs: number): Promise<void>;
  /** Resolves when the member has stopped, or was removed and so will never start again. */
  readonly ended: Promise<MemberEnd>;
  /** Stops it. What it has stored stays. */
  stop(): Promise<void>;
}

const FIRST_REST_MS = 100;
const LONGEST_REST_MS = 5_000;
/** A run of this length counts as good: the next one is not delayed. */
const GOOD_RUN_MS = 30_000;

const always = (): boolean => true;

class SupervisedMember implements EtcdMember {
  readonly client: EtcdClient;
  readonly ended: Promise<MemberEnd>;
  problem: string | undefined;
  readonly #options: EtcdMemberOptions;
  readonly #carriage: PeerCarriage;
  readonly #sockets: SocketDirectory;
  readonly #stopping = new AbortController();
  #run: EtcdProcess | undefined;
  #end: MemberEnd | undefined;
  #isAlone = false;

  constructor(
    options: EtcdMemberOptions,
    start: MemberStart,
    sockets: SocketDirectory,
    carriage: PeerCarriage,
  ) {
    this.#options = options;
    this.#sockets = sockets;
    this.#carriage = carriage;
    this.client = connectEtcd({ endpoints: [`unix:${sockets.path(CLIENT_SOCKET)}`] });
    this.ended = this.#supervise(start);
  }

  get name(): string {
    return this.#options.name;
  }

  get pid(): number | undefined {
    return this.#run?.pid;
  }

  acceptPeer(stream: Duplex): void {
    this.#carriage.acceptPeer(stream);
  }

  async ready(timeoutMs: number): Promise<void> {
    try {
      await persist((call) => this.client.status(call), {
        timeoutMs,
        retries: () => this.#end === undefined,
      });
    } catch (error) {
      const reason = this.#end === undefined ? this.problem : `it is ${this.#end.kind}`;
      const message = `etcd does not answer${reason === undefined ? "" : `: ${reason}`}`;
      throw new OperationError("unavailable", message, { cause: error });
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the member stops"));
    await this.#run?.stop();
    await this.ended;
    this.client.close();
    await this.#carriage.close();
    await this.#sockets.close();
  }

  async #supervise(start: MemberStart): Promise<MemberEnd> {
    let rest = FIRST_REST_MS;
    for (;;) {
      const began = performance.now();
      await this.#removeSockets();
      if (this.#isStopping()) break;
      this.#run = this.#start(this.#isAlone ? { kind: "continue" } : start);
      if (start.kind === "force-new-cluster") void this.#noteAlone();
      const end = await this.#run.ended;
      if (this.#isStopping()) break;
      if (end.kind !== "exited") {
        this.#options.logger.warn("etcd will not run here any more", { ...end });
        this.#end = end;
        return end;
      }
      this.problem = end.reason;
      rest = performance.now() - began > GOOD_RUN_MS ? FIRST_REST_MS : rest * 2;
      this.#options.logger.warn("etcd has ended and is started again", { reason: end.reason });
      await pause(Math.min(rest, LONGEST_REST_MS), this.#stopping.signal);
    }
    this.#end = { kind: "stopped" };
    return this.#end;
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** etcd refuses to start where a run that was killed has left its socket. */
  async #removeSockets(): Promise<void> {
    for (const name of [CLIENT_SOCKET, PEER_SOCKET])
      await rm(join(this.#options.directory, name), { force: true });
  }

  /** It has let go of the other members: doing so again would drop those that were added since. */
  async #noteAlone(): Promise<void> {
    const { ended } = this.#run ?? {};
    const over = new AbortController();
    void ended?.then(() => over.abort());
    try {
      const patience = { signal: over.signal, retries: always };
      await persist((call) => this.client.members(call), patience);
      this.#isAlone = true;
    } catch {
      // It ended before: it is started in the same way again.
    }
  }

  #start(how: MemberStart): EtcdProcess {
    const { name, address, binary = "etcd", directory, logger } = this.#options;
    const args = memberArguments(name, address, how, this.#options);
    return runEtcd({ binary, args, directory, proxyUrl: this.#carriage.proxyUrl, logger });
  }
}

/** Whether a member has stored something in its directory. */
export const hasMemberData = async (directory: string): Promise<boolean> => {
  try {
    const files = await readdir(join(directory, "data", "member", "wal"));
    return files.some((name) => name.endsWith(".wal"));
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
};

/** Removes what a member has stored: it was removed from its cluster, or is to join another. */
export const wipeMemberData = (directory: string): Promise<void> =>
  rm(join(directory, "data"), { recursive: true, force: true });

/**
 * Starts a member and goes on starting it. Rejects (kind `failed-precondition`) when etcd is not
 * installed or too old, and when `start` does not fit what the directory holds. It has no TCP
 * listener: clients use a unix socket in its directory, peers come through
 * {@link EtcdMember.acceptPeer} and are dialled with `dialPeer`.
 */
export const startEtcdMember = async (
  options: EtcdMemberOptions,
  start: MemberStart,
): Promise<EtcdMember> => {
  await checkEtcdBinary(options.binary);
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  await chmod(options.directory, 0o700);
  const needsData = start.kind === "continue" || start.kind === "force-new-cluster";
  if (needsData !== (await hasMemberData(options.directory)))
    throw new OperationError(
      "failed-precondition",
      needsData
        ? `there is no data of etcd in "${options.directory}"`
        : `there is data of etcd in "${options.directory}" already`,
    );
  const sockets = await openSocketDirectory(options.directory);
  const { dialPeer, logger } = options;
  const peerSocket = sockets.path(PEER_SOCKET);
  const carriage = await startPeerCarriage({ peerSocket, dialPeer, logger });
  return new SupervisedMember(options, start, sockets, carriage);
};
