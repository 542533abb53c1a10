import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { OperationError, messageOf } from "@skein/base";
import type { Logger } from "@skein/base";
import * as limits from "./limits.ts";
import { assertAllowed } from "./router.ts";
import type { Peer, RpcMethod } from "./router.ts";
import { newRpcStream } from "./rpc-stream.ts";
import type { RpcStream } from "./rpc-stream.ts";

/** The path of a method's calls is this and its name. The number grows when frames change. */
export const PATH_PREFIX = "/skein.v1/";

/** One call that has arrived. */
export interface IncomingCall {
  readonly http2: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly peer: Peer;
  readonly methods: ReadonlyMap<string, RpcMethod>;
  readonly isRevoked: (nodeId: string) => boolean;
  readonly logger: Logger;
}

const run = async (
  method: RpcMethod,
  { peer, isRevoked }: IncomingCall,
  stream: RpcStream,
): Promise<void> => {
  if (method.allow === "anyone") {
    if (method.stream !== undefined) return method.stream(peer, stream);
    const request = await stream.next();
    return stream.send(await method.unary(peer, request, stream.signal));
  }
  const node = assertAllowed(peer, method.allow, isRevoked);
  if (method.stream !== undefined) return method.stream(node, stream);
  const request = await stream.next();
  return stream.send(await method.unary(node, request, stream.signal));
};

const findMethod = ({ headers, methods }: IncomingCall): RpcMethod => {
  const path = headers[":path"] ?? "";
  const name = path.startsWith(PATH_PREFIX) ? path.slice(PATH_PREFIX.length) : path;
  const method = methods.get(name);
  if (method === undefined) throw new OperationError("not-implemented", `unknown method "${name}"`);
  return method;
};

const serve = async (call: IncomingCall, stream: RpcStream): Promise<void> => {
  try {
    await run(findMethod(call), call, stream);
  } catch (error) {
    if (!(error instanceof OperationError) && !stream.signal.aborted) {
      const { stack } = error instanceof Error ? error : { stack: undefined };
      const method = call.headers[":path"];
      call.logger.error("remote call failed", { method, reason: messageOf(error), stack });
    }
    stream.fail(error);
  } finally {
    stream.release();
  }
};

/** Answers a call. Never throws: what goes wrong goes to the caller. */
export const serveCall = (call: IncomingCall): void => {
  const isNode = call.peer.identity !== undefined;
  const bytesMax = isNode ? limits.MESSAGE_BYTES_MAX : limits.ANONYMOUS_MESSAGE_BYTES_MAX;
  const stream = newRpcStream(call.http2, bytesMax);
  call.http2.respond({ ":status": 200 });
  void serve(call, stream);
};
