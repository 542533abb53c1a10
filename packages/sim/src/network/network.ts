import type { ManagerConnection, ManagerDialer } from "@skein/agent";
import type { Random } from "@skein/base";
import { OperationError } from "@skein/base";
import type { SessionLink, SessionPort } from "@skein/manager";
import type { Assignments, DownMessage, UpMessage } from "@skein/model";
import type { SimCredentials } from "../certificates.ts";
import { between } from "../draw.ts";
import type { Process } from "../process.ts";
import type { World } from "../world.ts";
import type { Line } from "./channel.ts";
import type { Lines } from "./connection.ts";
import { SimConnection } from "./connection.ts";

/** A manager as the network reaches it. */
export interface Listener {
  /** Its machine. */
  readonly name: string;
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

interface Connected {
  readonly host: string;
  readonly manager: string;
  readonly connection: SimConnection;
}

/** How long a side that gets no answer waits before it takes the connection for broken, in ms. */
export const PATIENCE_MS = 6000;
const LOOK_MS = 1000;

/** Where a manager on this machine listens. */
export const addressOn = (machine: string): string => `${machine}:2377`;

const machineOf = (address: string): string => address.split(":")[0] ?? "";

/** The lines between all machines, and the agents' connections that go over them. */
export class Network {
  /** A planted bug: what agents say and nobody gets. */
  loses: (message: UpMessage) => boolean = () => false;
  /** A planted bug: what a manager says, and what becomes of it. */
  spoils: (message: DownMessage) => DownMessage = (message) => message;
  /** Told of what a node is sent. */
  onAssignments: (nodeId: string, message: Assignments) => void = () => {};
  /** The machines with managers. */
  readonly managers: readonly string[];
  readonly #world: World;
  readonly #random: Random;
  readonly #lines = new Map<string, Line>();
  /** Managers that listen, by their machines: to others connections are refused. */
  readonly #listeners = new Map<string, Listener>();
  readonly #connections = new Set<Connected>();
  readonly #off = new Set<string>();

  constructor(world: World, managers: readonly string[]) {
    this.#world = world;
    this.managers = managers;
    this.#random = world.random.fork("network");
    this.#look();
  }

  /** A manager listens from now on, until its process is dead. */
  listen(listener: Listener): void {
    this.#listeners.set(listener.name, listener);
  }

  /** One direction between two machines. Call {@link Network.changed} after changing it. */
  line(from: string, to: string): Line {
    const key = `${from}>${to}`;
    const known = this.#lines.get(key);
    if (known) return known;
    const latency = from === to ? 0.1 : between(this.#random, 0.2, 5);
    const line = { blocked: false, loss: 0, latency };
    this.#lines.set(key, line);
    return line;
  }

  /** Both directions between a host and a manager. */
  linesOf(host: string, manager: string): Lines {
    return { up: this.line(host, manager), down: this.line(manager, host) };
  }

  /** Both directions between a host and every manager that is on another machine. */
  linesToManagers(host: string): readonly Lines[] {
    return this.managers
      .filter((manager) => manager !== host)
      .map((manager) => this.linesOf(host, manager));
  }

  /** Blocks the lines from and to a machine's managers elsewhere, or opens them. */
  cut(host: string, up: boolean, down: boolean): void {
    for (const lines of this.linesToManagers(host)) {
      lines.up.blocked = up;
      lines.down.blocked = down;
    }
    this.changed();
  }

  /** Whether nothing is in the way between a host and any manager whose machine has power. */
  isOpen(host: string): boolean {
    return this.managers.every((manager) => {
      const { up, down } = this.linesOf(host, manager);
      return this.#off.has(manager) || (!up.blocked && !down.blocked);
    });
  }

  /** A manager's machine has lost power, or has it again. */
  isolate(machine: string, blocked: boolean): void {
    if (blocked) this.#off.add(machine);
    else this.#off.delete(machine);
    for (const [key, line] of this.#lines)
      if (key.split(">").includes(machine) && key !== `${machine}>${machine}`)
        line.blocked = blocked;
    this.changed();
  }

  /** Lines were changed. */
  changed(): void {
    for (const { connection } of this.#connections) connection.resume();
  }

  /** A host's program, or a manager's, died: its kernel tells the other side, if it lives itself. */
  died(side: "agent" | "manager", machine: string): void {
    for (const { host, manager, connection } of this.#connections) {
      if (machine !== (side === "agent" ? host : manager)) continue;
      const { up, down } = this.linesOf(host, manager);
      if (side === "agent" ? up.blocked : down.blocked) continue;
      const tell = (): void =>
        side === "agent" ? connection.breakManagerSide() : connection.breakAgentSide();
      this.#world.after(up.latency, tell);
    }
  }

  /** How an agent reaches managers. */
  dialer(from: Dialer): ManagerDialer {
    return { dial: (address, signal) => this.#dial(from, machineOf(address), signal) };
  }

  /** Asks a manager for a new certificate. The answer is lost when the manager dies meanwhile. */
  async renew(from: Dialer, signal: AbortSignal): Promise<SimCredentials> {
    const manager = this.managers[this.#random.integer(this.managers.length)] ?? "";
    const { down } = this.linesOf(from.host, manager);
    const listener = await this.#reach(from, manager, signal);
    const issued = await listener.process.guard(listener.renew(callerOf(from)));
    await from.agent.sleep(down.latency, signal);
    return issued;
  }

  /** Waits until a connection is made. */
  async #reach({ host, agent }: Dialer, manager: string, signal: AbortSignal): Promise<Listener> {
    const lines = this.linesOf(host, manager);
    await agent.sleep(3 * (lines.up.latency + lines.down.latency), signal);
    while (lines.up.blocked || lines.down.blocked) await agent.sleep(500, signal);
    const listener = this.#listeners.get(manager);
    if (!listener?.process.alive) throw new OperationError("unavailable", "connection refused");
    return listener;
  }

  async #dial(from: Dialer, manager: string, signal: AbortSignal): Promise<ManagerConnection> {
    const { host, agent } = from;
    const listener = await this.#reach(from, manager, signal);
    const lines = this.linesOf(host, manager);
    const connection = new SimConnection(this.#world, this.#random, lines, {
      agent,
      manager: listener.process,
      connect: (link) => this.#accept(listener, callerOf(from), link),
    });
    this.#connections.add({ host, manager, connection });
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
    for (const connected of this.#connections) {
      connected.connection.giveUp(this.#world.now - PATIENCE_MS);
      if (connected.connection.over) this.#connections.delete(connected);
    }
    this.#world.after(LOOK_MS, () => this.#look());
  }
}

const callerOf = ({ nodeId, credentials }: Dialer): Caller => ({
  nodeId,
  credentials: credentials(),
});
