import { createSocket } from "node:dgram";
import { connect, isIP } from "node:net";
import { messageOf } from "@skein/base";
import { streamDecode, streamEncode } from "./stream.ts";

/** How long one resolver has for an answer, in milliseconds. */
const UPSTREAM_MS = 2_000;
const DNS_PORT = 53;

/** A resolver of the node: `address`, or `address:port` for IPv4. */
const target = (resolver: string): { readonly host: string; readonly port: number } => {
  if (isIP(resolver) !== 0) return { host: resolver, port: DNS_PORT };
  const colon = resolver.lastIndexOf(":");
  return { host: resolver.slice(0, colon), port: Number(resolver.slice(colon + 1)) };
};

const askUdp = (resolver: string, query: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const { host, port } = target(resolver);
    const socket = createSocket(isIP(host) === 6 ? "udp6" : "udp4");
    const timer = setTimeout(() => finish(new Error(`${resolver} did not answer`)), UPSTREAM_MS);
    const finish = (error: Error | undefined, answer?: Buffer): void => {
      clearTimeout(timer);
      socket.close();
      if (answer) resolve(answer);
      else reject(error ?? new Error("no answer"));
    };
    socket.once("error", finish);
    socket.on("message", (answer) => {
      // Only the answer to this very query: the id is the first two bytes.
      if (answer.subarray(0, 2).equals(query.subarray(0, 2))) finish(undefined, answer);
    });
    try {
      // Without a route to the resolver it calls back with an error, which its types don't tell.
      socket.connect(port, host, (error?: Error) => (error ? finish(error) : socket.send(query)));
    } catch (error) {
      finish(error instanceof Error ? error : new Error(messageOf(error)));
    }
  });

const askTcp = (resolver: string, query: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const socket = connect(target(resolver));
    socket.setTimeout(UPSTREAM_MS, () => socket.destroy(new Error(`${resolver} did not answer`)));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error(`${resolver} closed the connection`)));
    const receive = streamDecode((answer) => {
      resolve(answer);
      socket.end();
    });
    socket.on("data", receive);
    socket.write(streamEncode(query));
  });

/** Asks the resolvers in turn. Rejects when none of them answers. */
export const forward = async (
  resolvers: readonly string[],
  query: Buffer,
  transport: "udp" | "tcp",
): Promise<Buffer> => {
  let last: unknown = new Error("this node has no resolvers");
  for (const resolver of resolvers) {
    try {
      return await (transport === "udp" ? askUdp(resolver, query) : askTcp(resolver, query));
    } catch (error) {
      last = error;
    }
  }
  throw last;
};
