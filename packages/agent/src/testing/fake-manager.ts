import { OperationError } from "@skein/base";
import type { Assignments, DownMessage, LogUpMessage, TaskStatus, UpMessage } from "@skein/model";
import type { ManagerConnection, ManagerDialer } from "../ports.ts";

const nothing = (): void => {};

/** One session as the manager sees it. */
export interface FakeSession {
  readonly addr: string;
  readonly got: UpMessage[];
  readonly logs: Map<string, LogUpMessage[]>;
  /** The agent has closed the connection. */
  closed: boolean;
  send(message: DownMessage): void;
  /** The connection breaks. */
  break(): void;
}

/** A manager in memory, for tests: writes down what agents say and sends what the test tells it to. */
export class FakeManager {
  readonly sessions: FakeSession[] = [];
  /** Addresses that do not answer. */
  readonly unreachable: Set<string> = new Set();
  readonly dialed: string[] = [];
  /** Says welcome by itself. */
  welcoming = true;
  /** What the next sessions get instead of a welcome. */
  refusal: OperationError | undefined;

  dialer(): ManagerDialer {
    return {
      dial: (addr) => {
        this.dialed.push(addr);
        return this.unreachable.has(addr)
          ? Promise.reject(new OperationError("unavailable", "connection refused"))
          : Promise.resolve(this.#accept(addr));
      },
    };
  }

  /** The newest session, which must be there. */
  get session(): FakeSession {
    const session = this.sessions.at(-1);
    if (!session) throw new Error("no agent has come");
    return session;
  }

  /** The newest status that any session was told of a task. */
  status(taskId: string): TaskStatus | undefined {
    return this.sessions
      .flatMap(({ got }) => got)
      .flatMap((message) => (message.type === "statuses" ? message.statuses : []))
      .filter((one) => one.taskId === taskId)
      .at(-1)?.status;
  }

  #accept(addr: string): ManagerConnection {
    const inbox: (DownMessage | OperationError | "end" | "break")[] = [];
    let wake = nothing;
    const put = (message: DownMessage | OperationError | "end" | "break"): void => {
      inbox.push(message);
      wake();
    };
    const session: FakeSession = {
      addr,
      got: [],
      logs: new Map(),
      closed: false,
      send: put,
      break: () => put("break"),
    };
    this.sessions.push(session);
    async function* messages(): AsyncGenerator<DownMessage> {
      for (;;) {
        const next = inbox.shift();
        if (next === "end") return;
        if (next === "break") throw new OperationError("unavailable", "connection lost");
        if (next instanceof OperationError) throw next;
        if (next) yield next;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    }
    return {
      send: (message) => {
        if (session.closed) return;
        session.got.push(message);
        if (this.refusal) put(this.refusal);
        else if (message.type === "hello" && this.welcoming)
          put({ type: "welcome", sessionId: `s${this.sessions.length}`, heartbeatMs: 2000 });
      },
      messages: messages(),
      openLogStream: (id) => {
        const sent: LogUpMessage[] = [];
        session.logs.set(id, sent);
        return {
          send: (message) => Promise.resolve(void sent.push(message)),
          closed: new AbortController().signal,
          close: nothing,
        };
      },
      close: () => {
        session.closed = true;
        put("end");
      },
    };
  }
}

/** A message that assigns nothing, to be filled in. */
export const assignments = (
  sequence: number,
  parts: Partial<Omit<Assignments, "type" | "sequence">> = {},
): Assignments => ({
  type: "assignments",
  kind: "full",
  sequence,
  specs: [],
  tasks: [],
  removedTasks: [],
  secrets: [],
  removedSecrets: [],
  configs: [],
  removedConfigs: [],
  ...parts,
});
