import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** What was answered how often, and what failed. */
export interface Answers {
  readonly answers: Readonly<Record<string, number>>;
  readonly failed: readonly string[];
}

/** A command to the client script; see there. */
export interface Ask {
  readonly do: "tcp" | "udp" | "open" | "say" | "load" | "stop" | "stream" | "say-udp";
  readonly host?: string;
  readonly port?: number;
  readonly count?: number;
  readonly from?: number;
}

/** The first words of the answers: which tasks answered. */
export const namesIn = ({ answers }: Answers): readonly string[] =>
  [...new Set(Object.keys(answers).map((text) => text.split(" ")[0] ?? ""))].toSorted();

/** The second words: which client addresses the tasks saw. */
export const clientsIn = ({ answers }: Answers): readonly string[] =>
  [...new Set(Object.keys(answers).map((text) => text.split(" ")[1] ?? ""))].toSorted();

/** A network namespace with what runs in it. */
export class NetworkNamespace {
  readonly name: string;
  readonly #children: ChildProcessWithoutNullStreams[] = [];
  #client: ChildProcessWithoutNullStreams | undefined;
  #lines: AsyncIterator<string> | undefined;

  private constructor(name: string) {
    this.name = name;
  }

  static async create(name: string): Promise<NetworkNamespace> {
    await run("ip", ["netns", "add", name]);
    const namespace = new NetworkNamespace(name);
    await namespace.sh("ip link set lo up");
    return namespace;
  }

  get path(): string {
    return `/run/netns/${this.name}`;
  }

  get enter(): readonly string[] {
    return ["nsenter", `--net=${this.path}`];
  }

  /** Runs shell commands; rejects when the last one fails. */
  async sh(commands: string): Promise<string> {
    const args = [`--net=${this.path}`, "sh", "-ec", commands];
    const { stdout } = await run("nsenter", args, { maxBuffer: 2 ** 26 });
    return stdout;
  }

  /** Starts a program that runs until the end. */
  spawn(program: string, args: readonly string[]): ChildProcessWithoutNullStreams {
    const child = spawn("nsenter", [`--net=${this.path}`, program, ...args]);
    child.stderr.on("data", (data: Buffer) => process.stderr.write(data));
    this.#children.push(child);
    return child;
  }

  /** Starts a task that answers on the port, TCP and UDP. Resolves to its process id. */
  async serve(name: string, port: number): Promise<number> {
    const child = this.spawn(process.execPath, [script("server.mjs"), name, String(port)]);
    await once(child.stdout, "data");
    return child.pid ?? 0;
  }

  /** Has a client in the namespace do something. One at a time. */
  async ask(command: Ask): Promise<Answers> {
    if (!this.#client || !this.#lines) {
      this.#client = this.spawn(process.execPath, [script("client.mjs")]);
      const lines = createInterface({ input: this.#client.stdout });
      this.#lines = lines[Symbol.asyncIterator]();
    }
    this.#client.stdin.write(`${JSON.stringify(command)}\n`);
    const { value } = await this.#lines.next();
    return JSON.parse(String(value)) as Answers;
  }

  /** Ends all that runs in it, and removes it. */
  async remove(): Promise<void> {
    for (const child of this.#children) {
      const alive = child.exitCode === null && child.signalCode === null;
      const ended = alive ? once(child, "exit") : undefined;
      child.kill("SIGKILL");
      await ended;
    }
    await run("ip", ["netns", "del", this.name]);
  }
}
