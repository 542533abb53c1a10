import type { Diagnostics } from "@skein/agent";
import type { Logger } from "@skein/base";
import { messageOf, OperationError } from "@skein/base";
import type { HostListener } from "@skein/model";
import { KERNEL_VXLAN, whoListens } from "@skein/model";
import { connectRpc } from "@skein/platform";
import type { RpcMethod } from "@skein/platform";
import { isIP } from "node:net";
import type { HostPort } from "./addresses.ts";

/** The remote call, open to nodes that are about to join, for the UDP port of VXLAN. */
const DATA_PATH_PORT_METHOD = "cluster.dataPathPort";

/** How long managers have to tell it, in milliseconds: joining itself says what is wrong with them. */
const ASK_MS = 3000;

/** Answers {@link askDataPathPort}. */
export const dataPathPortMethod = (port: () => number): RpcMethod => ({
  name: DATA_PATH_PORT_METHOD,
  allow: "anyone",
  unary: () => Promise.resolve(port()),
});

/** The UDP port of VXLAN of the cluster; undefined when no manager tells it. Never rejects. */
export const askDataPathPort = async (
  remotes: readonly string[],
  logger: Logger,
): Promise<number | undefined> => {
  const signal = AbortSignal.timeout(ASK_MS);
  for (const address of remotes) {
    if (signal.aborted) return undefined;
    try {
      const connection = await connectRpc({ address, as: { kind: "anyone" }, signal });
      try {
        const port = await connection.call(DATA_PATH_PORT_METHOD, {});
        if (typeof port === "number") return port;
      } finally {
        await connection.close();
      }
    } catch (error) {
      logger.debug("data path port not asked", { address, reason: messageOf(error) });
    }
  }
  return undefined;
};

const inUse = (what: string, listener: HostListener, advice: string): OperationError =>
  new OperationError("unavailable", `${what} is in use by ${whoListens(listener)}: ${advice}`);

const isWildcard = (address: string): boolean => ["*", "0.0.0.0", "::"].includes(address);

/** Whether nobody can listen at `host` while the listener is there. */
export const isInTheWay = ({ address }: HostListener, host: string): boolean => {
  if (address === "*" || host === "::") return true;
  const sameFamily = address.includes(":") === (isIP(host) === 6);
  return sameFamily && (isWildcard(address) || isWildcard(host) || address === host);
};

/** The ports that a member of a cluster needs. */
export interface NeededPorts {
  /** Absent on workers. */
  readonly listen?: HostPort;
  /** Absent when it is not known. */
  readonly dataPathPort?: number;
}

/**
 * Refuses (unavailable, with the program's name) when another program has a port that a member of a
 * cluster needs. What cannot be found out is no reason to refuse.
 */
export const refuseHeldPorts = async (
  diagnostics: Diagnostics,
  needed: NeededPorts,
  logger: Logger,
): Promise<void> => {
  const { listen, dataPathPort } = needed;
  const found = await diagnostics
    .listeners([
      ...(listen ? [{ protocol: "tcp", first: listen.port, last: listen.port } as const] : []),
      ...(dataPathPort === undefined
        ? []
        : [{ protocol: "udp", first: dataPathPort, last: dataPathPort } as const]),
    ])
    .catch((error: unknown) => {
      logger.warn("ports not checked", { reason: messageOf(error) });
      return [];
    });
  const caller =
    listen && found.find((one) => one.protocol === "tcp" && isInTheWay(one, listen.host));
  if (listen && caller)
    throw inUse(
      `port ${listen.port}/tcp, for calls between nodes,`,
      caller,
      "stop it, or choose another one with --listen-addr",
    );
  // The kernel's own socket of VXLAN can be shared.
  const holder = found.find(
    ({ protocol, program }) => protocol === "udp" && program !== KERNEL_VXLAN,
  );
  if (holder)
    throw inUse(
      `port ${dataPathPort}/udp, for traffic between containers (VXLAN),`,
      holder,
      listen ? "stop it, or choose another one with --data-path-port" : "stop it",
    );
};
