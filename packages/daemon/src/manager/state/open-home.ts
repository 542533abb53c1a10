import type { Clock, Logger } from "@skein/base";
import { messageOf, OperationError } from "@skein/base";
import { connectRpc, dialRaw, ETCD_PEER_PROTOCOL } from "@skein/platform";
import type { Credentials, RpcMethod } from "@skein/platform";
import type { LeaderLink } from "../leader-link.ts";
import type { ManagerOptions } from "../manager-options.ts";
import type { Doors } from "./doors.ts";
import type { JoinQuorum, QuorumPlace } from "./quorum.ts";
import { withoutEndpoints } from "./external-store.ts";
import { StateHome, TakenOutError } from "./state-home.ts";
import type { StateHomeOptions } from "./state-home.ts";

/** How long connecting to a manager, and being let in by the leader, may take, in milliseconds. */
const CONNECT_MS = 5000;
const JOIN_MS = 60_000;

/** The remote call by which a node with a manager's certificate asks for a place in the quorum. */
const JOIN_METHOD = "manager.join";

/** Serves it on every manager, through the leader. */
export const joinMethod = (link: LeaderLink): RpcMethod => ({
  name: JOIN_METHOD,
  allow: "manager",
  unary: (peer, request) => {
    const { addr } = Object.fromEntries(Object.entries(request ?? {}));
    const input: JoinQuorum = { nodeId: peer.identity.nodeId, addr: String(addr) };
    return link.perform("managers.join", input);
  },
});

/** Asks the managers in turn. Rejects with the last one's reason. */
const askToJoin = async (
  remotes: readonly string[],
  input: { readonly addr: string; readonly credentials: Credentials },
  signal: AbortSignal,
): Promise<QuorumPlace> => {
  let last: unknown = new OperationError("unavailable", "no manager is known");
  for (const address of remotes)
    try {
      const as = { kind: "node", credentials: input.credentials } as const;
      const connection = await connectRpc({
        address,
        as,
        signal,
        connectTimeoutMs: CONNECT_MS,
      });
      try {
        const request = { addr: input.addr };
        const options = { timeoutMs: JOIN_MS, signal };
        return (await connection.call(JOIN_METHOD, request, options)) as QuorumPlace;
      } finally {
        await connection.close();
      }
    } catch (error) {
      signal.throwIfAborted();
      last = error;
    }
  throw new OperationError("unavailable", `no place among the managers yet: ${messageOf(last)}`);
};

/** Opens the state wherever it is. Resolves when it can be read. */
export const openHome = async (
  input: ManagerOptions & {
    readonly current: () => Credentials;
    readonly doors: Doors;
    readonly clock: Clock;
    readonly logger: Logger;
  },
  signal: AbortSignal,
): Promise<{ readonly home: StateHome; readonly key: Uint8Array }> => {
  const { source, doors, current, advertiseAddr, alone } = input;
  const { nodeId, clusterId } = current().identity;
  const optionsWith = (key: Uint8Array): StateHomeOptions => ({
    ...input,
    nodeId,
    clusterId,
    key,
    address: advertiseAddr,
    accept: (take) => doors.acceptPeers(take),
    dialPeer: (address, until) =>
      dialRaw({
        address,
        protocol: ETCD_PEER_PROTOCOL,
        credentials: current(),
        timeoutMs: CONNECT_MS,
        signal: until,
      }),
  });
  if (source.kind === "lmdb") {
    const home = await StateHome.alone(optionsWith(source.key), source.restore);
    return { home, key: source.key };
  }
  if (source.kind === "etcd") {
    const start = { kind: alone === true ? "force-new-cluster" : "continue" } as const;
    try {
      const home = await StateHome.shared(optionsWith(source.key), start, signal);
      return { home, key: source.key };
    } catch (error) {
      // If it is still to be a manager, or again, it gets a new place.
      if (error instanceof TakenOutError) await input.settle("joining");
      throw error;
    }
  }
  const external = async (key: Uint8Array): Promise<StateHome> => {
    if (!input.externalStore) throw withoutEndpoints();
    return StateHome.external(optionsWith(key), input.externalStore);
  };
  if (source.kind === "external") return { home: await external(source.key), key: source.key };
  const remotes = source.remotes().filter((address) => address !== advertiseAddr);
  const asking = { addr: advertiseAddr, credentials: current() };
  const { key, members, ...place } = await askToJoin(remotes, asking, signal);
  await source.keepKey(key);
  if (place.external === true) return { home: await external(key), key };
  const start = { kind: "join", members } as const;
  return { home: await StateHome.shared(optionsWith(key), start, signal), key };
};
