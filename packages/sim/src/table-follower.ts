import { LiveTables } from "@skein/agent";
import type { Dispatcher } from "@skein/manager";
import { PROTOCOL_VERSION } from "@skein/model";
import type { NetworkNews } from "@skein/model";
import type { NodeDescription } from "@skein/wire";

const descriptionOf = (Hostname: string): NodeDescription => ({
  Hostname,
  Platform: { Architecture: "x86_64", OS: "linux" },
  Resources: { NanoCPUs: 64e9, MemoryBytes: 256 * 1024 ** 3 },
  Engine: {},
  TLSInfo: {},
});

/** A node of which there is nothing but what it hears of its networks. */
export class TableFollower {
  readonly nodeId: string;
  readonly tables: LiveTables;
  readonly #dispatcher: Dispatcher;
  readonly #spoils: (message: NetworkNews) => NetworkNews;
  #unread: NetworkNews[] = [];
  #closed: (() => void) | undefined;

  constructor(
    nodeId: string,
    dispatcher: Dispatcher,
    spoils: (message: NetworkNews) => NetworkNews = (message) => message,
  ) {
    this.nodeId = nodeId;
    this.tables = new LiveTables(nodeId);
    this.#dispatcher = dispatcher;
    this.#spoils = spoils;
  }

  /** Opens a session. */
  connect(): void {
    const unread: NetworkNews[] = [];
    const port = this.#dispatcher.connect(
      { nodeId: this.nodeId, address: `203.0.113.${this.nodeId.length}` },
      {
        send: (message) => {
          if (message.type === "networks") unread.push(this.#spoils(message));
        },
        close: () => {},
      },
    );
    this.#unread = unread;
    this.#closed = () => port.closed();
    port.receive({
      type: "hello",
      protocol: PROTOCOL_VERSION,
      addr: "",
      description: descriptionOf(this.nodeId),
    });
  }

  /** Loses the session, and what was not read of it; opens another. */
  disconnect(): void {
    this.#closed?.();
    this.connect();
  }

  /** Takes in what was said. A message that does not fit ends the session, as the agent's does. */
  read(): void {
    for (const message of this.#unread.splice(0)) {
      try {
        this.tables.apply(message);
      } catch {
        this.disconnect();
        return;
      }
    }
  }
}
