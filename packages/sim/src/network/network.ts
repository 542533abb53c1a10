import type { ManagerConnection, ManagerDialer } from "@skein/agent";
import type { Random } from "@skein/base";
import { OperationError } from "@skein/base";
import type { SessionLink, SessionPort } from "@skein/manager";
import type { Assignments, DownMessage, UpMessage } from "@skein/model";
import type { SimCredentials } from "../certificates.ts";
import { between } from "../draw.ts";
import type { Process } from "../process.ts";
import type { World } from "../world.ts";
import type { Lines } from "./connection.ts";
import { SimConnection } from "./connection.ts";

/** The manager as the network reaches it. */
export interface Listener {
  readonly process: Process;
  /** Throws when the caller's certificate is refused. */
  readonly accept: (caller: Caller, link: SessionLink) => SessionPort;
  /** Has a new certificate issued. Rejects when the caller's is refused. */
  readonly renew: (caller: Caller) => Promise<SimCredentials>;
}

/** Who connects, by its certificate. */
export interface Caller {
  readonly nodeId: string;
  readonly credentials: SimCredentials;
}

/** A program on a host that connects to the manager. */
export interface Dialer {
  readonly host: string;
  readonly nodeId: string;
  readonly agent: Process;
  /** What it proves itself with, at the time of the call. */
  readonly credentials: () => SimCredentials;
}

/** How long a side that gets no answer waits before it takes the connection for broken, in ms. */
const PATIENCE_MS = 6000;
const LOOK_EVERY_MS = 1000;

/** The lines between all hosts and the one manager, and what goes over them. */
export class Network {
  /** Undefined while no manager listens: connections are refused. */
  listener: Listener | undefined;
  /** A planted bug: what agents say and nobody gets. */
  loses: (message: UpMessage) => boolean = () => false;
  /** A planted bug: what a manager says, and what becomes of it. */
  spoils: (message: DownMessage) => DownMessage = (message) => message;
  /** Told of what a node is sent. */
  onAssignments: (nodeId: string, message: Assignments) => void = () => {};
  readonly #world: World;
  readonly #random: Random;
  readonly #lines = new Map<string, Lines>();
  readonly #connections = new Map<string, Set<SimConnection>>();

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random.fork("network");
    this.#look();
  }

  /** The lines of a host. Call {@link Network.changed} after changing them. */
  linesOf(host: string): Lines {
    const known = this.#lines.get(host);
    if (known) return known;
    const line = (): Lines["up"] => ({
      blocked: false,
      loss: 0,
      latency: between(this.#random, 0.2, 5),
    });
    const lines = { up: line(), down: line() };
    this.#lines.set(host, lines);
    return lines;
  }

  /** The lines of a host were changed. */
  changed(host: string): void {
    for (const connection of this.#connections.get(host) ?? []) connection.resume();
  }

  /** A host's program, or the manager's, died: its kernel tells the other side, if it lives itself. */
  died(side: "agent" | "manager", host?: string): void {
    for (const [name, connections] of this.#connections) {
      if (host !== undefined && name !== host) continue;
      const lines = this.linesOf(name);
      const blocked = side === "agent" ? lines.up.blocked : lines.down.blocked;
      if (blocked) continue;
      for (const connection of connections) {
        const tell = (): void =>
          side === "agent" ? connection.breakManagerSide() : connection.breakAgentSide();
        this.#world.after(lines.up.latency, tell);
      }
    }
  }

  /** How an agent reaches the manager. */
  dialer(from: Dialer): ManagerDialer {
    return { dial: (_, signal) => this.#dial(from, signal) };
  }

  /** Asks the manager for a new certificate. The answer is lost when the manager dies meanwhile. */
  async renew(from: Dialer, signal: AbortSignal): Promise<SimCredentials> {
    const lines = this.linesOf(from.host);
    const listener = await this.#reach(from, signal);
    const issued = await listener.process.guard(listener.renew(callerOf(from)));
    await from.agent.sleep(lines.down.latency, signal);
    return issued;
  }

  /** Waits until a connection is made. */
  async #reach({ host, agent }: Dialer, signal: AbortSignal): Promise<Listener> {
    const lines = this.linesOf(host);
    await agent.sleep(3 * (lines.up.latency + lines.down.latency), signal);
    while (lines.up.blocked || lines.down.blocked) await agent.sleep(500, signal);
    const { listener } = this;
    if (!listener?.process.alive) throw new OperationError("unavailable", "connection refused");
    return listener;
  }

  async #dial(from: Dialer, signal: AbortSignal): Promise<ManagerConnection> {
    const { host, agent } = from;
    const listener = await this.#reach(from, signal);
    const connection = new SimConnection(this.#world, this.#random, this.linesOf(host), {
      agent,
      manager: listener.process,
      connect: (link) => this.#accept(listener, callerOf(from), link),
    });
    const known = this.#connections.get(host);
    if (known) known.add(connection);
    else this.#connections.set(host, new Set([connection]));
    return connection.agentSide;
  }

  #accept(listener: Listener, caller: Caller, link: SessionLink): SessionPort {
    const { nodeId } = caller;
    const port = listener.accept(caller, {
      send: (message) => {
        if (message.type === "assignments") this.onAssignments(nodeId, message);
        link.send(this.spoils(message));
      },
      close: (error) => link.close(error),
    });
    return {
      receive: (message) => {
        if (!this.loses(message)) port.receive(message);
      },
      closed: () => port.closed(),
    };
  }

  #look(): void {
    for (const connections of this.#connections.values())
      for (const connection of connections) {
        connection.giveUp(this.#world.now - PATIENCE_MS);
        if (connection.over) connections.delete(connection);
      }
    this.#world.after(LOOK_EVERY_MS, () => this.#look());
  }
}

const callerOf = ({ nodeId, credentials }: Dialer): Caller => ({
  nodeId,
  credentials: credentials(),
});
