import { OperationError } from "@skein/base";
import type { NodeIdentity } from "../shared/identity.ts";
import type { RpcStream } from "./rpc-stream.ts";

/** Who is at the other end of a connection. */
export interface Peer {
  /** From its certificate; undefined when it has none that counts here. */
  readonly identity: NodeIdentity | undefined;
  /** Its IP address. */
  readonly address: string;
  /** Aborted at once when its connection closes. */
  readonly connection: AbortSignal;
  /** Closes its connection at once. */
  disconnect(): void;
}

/** A peer whose certificate was accepted. */
export interface NodePeer extends Peer {
  readonly identity: NodeIdentity;
}

/** Answers one request with one response. The signal aborts when the caller no longer waits. */
type Unary<P extends Peer> = (peer: P, request: unknown, signal: AbortSignal) => Promise<unknown>;
/** Serves a stream until it resolves (which ends our direction) or rejects (which fails it). */
type Streaming<P extends Peer> = (peer: P, stream: RpcStream) => Promise<void>;

type Handler<P extends Peer> =
  | { readonly unary: Unary<P>; readonly stream?: never }
  | { readonly stream: Streaming<P>; readonly unary?: never };

/** A remote call: its name, who may make it, and what it does. */
export type RpcMethod =
  | ({ readonly name: string; readonly allow: "anyone" } & Handler<Peer>)
  | ({ readonly name: string; readonly allow: "node" | "manager" } & Handler<NodePeer>);

const denied = (reason: string): OperationError =>
  new OperationError("forbidden", `permission denied: ${reason}`);

/**
 * The peer as a node that may make calls open to `allow`. Throws (kind `forbidden`) when it has no
 * certificate of this cluster or has not the role; with kind `unauthorized`, which agents take for
 * final, when it was removed from the cluster.
 */
export const assertAllowed = (
  peer: Peer,
  allow: "node" | "manager",
  isRevoked: (nodeId: string) => boolean,
): NodePeer => {
  const { identity } = peer;
  if (identity === undefined) throw denied("a certificate of this cluster is needed");
  if (isRevoked(identity.nodeId))
    throw new OperationError(
      "unauthorized",
      `permission denied: node ${identity.nodeId} has been removed from the cluster`,
    );
  if (allow === "manager" && identity.role !== "manager") throw denied("only managers may do this");
  return { ...peer, identity };
};
