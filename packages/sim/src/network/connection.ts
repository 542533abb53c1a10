import type { ManagerConnection } from "@skein/agent";
import type { Random } from "@skein/base";
import { OperationError } from "@skein/base";
import type { SessionLink, SessionPort } from "@skein/manager";
import type { DownMessage, UpMessage } from "@skein/model";
import type { Process } from "../process.ts";
import { Queue } from "../queue.ts";
import type { World } from "../world.ts";
import type { Line } from "./channel.ts";
import { Channel } from "./channel.ts";

/** Both directions between one host and the manager. */
export interface Lines {
  readonly up: Line;
  readonly down: Line;
}

/** One message, or the end of the stream. */
type Frame<T> = { readonly message: T } | { readonly end: Error | undefined };

export interface Ends {
  readonly agent: Process;
  readonly manager: Process;
  /** Opens the session at the manager. */
  readonly connect: (link: SessionLink) => SessionPort;
}

/**
 * A node's stream to the manager. It ends when either side closes it or dies; a side whose words
 * do not get through finds the connection broken after a while.
 */
export class SimConnection {
  readonly agentSide: ManagerConnection;
  readonly #queue = new Queue<DownMessage>();
  readonly #up: Channel<Frame<UpMessage>>;
  readonly #down: Channel<Frame<DownMessage>>;
  readonly #port: SessionPort;
  readonly #ends: Ends;
  #agentClosed = false;
  #managerClosed = false;

  constructor(world: World, random: Random, lines: Lines, ends: Ends) {
    this.#ends = ends;
    this.#up = new Channel(
      { world, random, line: lines.up },
      { deliver: (frame) => this.#atManager(frame), deafFor: () => ends.manager.frozenFor },
    );
    this.#down = new Channel(
      { world, random, line: lines.down },
      { deliver: (frame) => this.#atAgent(frame), deafFor: () => ends.agent.frozenFor },
    );
    this.#port = ends.connect({
      send: (message) => this.#sendDown({ message }),
      close: (error) => this.#closeManager(error),
    });
    this.agentSide = {
      send: (message) => this.#sendUp({ message }),
      messages: this.#queue,
      openLogStream: () => {
        throw new OperationError("unavailable", "no log streams in the simulation");
      },
      close: () => this.#closeAgent(),
    };
  }

  get over(): boolean {
    return this.#agentClosed && this.#managerClosed;
  }

  /** The line may be open again. */
  resume(): void {
    this.#up.resume();
    this.#down.resume();
  }

  /** Breaks the connection for the side that has had no answer since before `limit`. */
  giveUp(limit: number): void {
    const stalled = ({ stalledSince }: { readonly stalledSince: number | undefined }): boolean =>
      stalledSince !== undefined && stalledSince < limit;
    if (!stalled(this.#up) && !stalled(this.#down)) return;
    this.breakAgentSide();
    this.breakManagerSide();
  }

  /** The agent's machine hears that the manager is gone. */
  breakAgentSide(): void {
    if (this.#agentClosed) return;
    this.#agentClosed = true;
    this.#up.cut();
    if (this.#ends.agent.alive)
      this.#queue.end(new OperationError("unavailable", "connection broke"));
  }

  /** The manager's machine hears that the agent is gone. */
  breakManagerSide(): void {
    if (this.#managerClosed) return;
    this.#managerClosed = true;
    this.#down.cut();
    if (this.#ends.manager.alive) this.#port.closed();
  }

  #sendUp(frame: Frame<UpMessage>): void {
    if (!this.#agentClosed && this.#ends.agent.alive) this.#up.send(frame);
  }

  #sendDown(frame: Frame<DownMessage>): void {
    if (!this.#managerClosed && this.#ends.manager.alive) this.#down.send(frame);
  }

  #closeAgent(): void {
    if (this.#agentClosed) return;
    this.#sendUp({ end: undefined });
    this.#agentClosed = true;
    this.#queue.end();
  }

  #closeManager(error: Error | undefined): void {
    if (this.#managerClosed) return;
    this.#sendDown({ end: error });
    this.#managerClosed = true;
  }

  #atManager(frame: Frame<UpMessage>): void {
    if (!this.#ends.manager.alive) this.breakAgentSide();
    else if (this.#managerClosed) return;
    else if ("message" in frame) this.#port.receive(frame.message);
    else this.breakManagerSide();
  }

  #atAgent(frame: Frame<DownMessage>): void {
    if (!this.#ends.agent.alive) this.breakManagerSide();
    else if (this.#agentClosed) return;
    else if ("message" in frame) this.#queue.push(frame.message);
    else {
      this.#agentClosed = true;
      this.#up.cut();
      this.#queue.end(frame.end);
    }
  }
}
