import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { spawn } from "node:child_process";
import { OperationError } from "@skein/base";
import type { Programs } from "./programs.ts";
import { notStarted } from "./programs.ts";

/** nft keeps every line in memory, for a person who might want it again: after so many bytes, start anew. */
const LINES_MAX_BYTES = 4 * 1024 * 1024;

interface Waiting {
  /** Ends the output of the line that is being worked on. */
  readonly end: RegExp;
  readonly resolve: (output: string) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One nft that is kept: it takes a line in 0.3 ms, where starting it takes 5 to 20. Each line is one
 * transaction. nft says nothing when a line succeeded, so another follows that it cannot know: when
 * it has complained about that, it is done with the first.
 */
export class NftSession {
  readonly #programs: Programs;
  #child: ChildProcessWithoutNullStreams | undefined;
  #waiting: Waiting | undefined;
  #output = "";
  #lines = 0;
  #bytes = 0;

  constructor(programs: Programs) {
    this.#programs = programs;
  }

  /**
   * Runs one line; the caller waits before it sends another. Resolves to nft's complaints, empty when
   * there are none. Rejects when nft ends in the middle: whether the line took effect is unknown.
   */
  async run(line: string): Promise<string> {
    if (this.#bytes > LINES_MAX_BYTES) await this.close();
    const child = this.#running();
    this.#bytes += line.length;
    this.#lines += 1;
    const mark = `end-of-${this.#lines}`;
    return new Promise((resolve, reject) => {
      const end = new RegExp(`Error: [^\\n]*\\n${mark}\\n`);
      this.#waiting = { end, resolve, reject };
      child.stdin.write(`${line}\n${mark}\n`);
    });
  }

  /** Lets nft end. */
  async close(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child) return;
    await new Promise((resolve) => {
      child.once("close", resolve);
      child.stdin.end();
    });
  }

  #running(): ChildProcessWithoutNullStreams {
    if (this.#child) return this.#child;
    // Complaints must come in order with what else is printed.
    const [file, args] = this.#programs.command("sh", ["-c", "exec nft -i 2>&1"]);
    // Its history would be kept in a file of the home directory.
    const child = spawn(file, args, { env: { ...process.env, LC_ALL: "C", HOME: "/dev/null" } });
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (text: string) => this.#read(text));
    child.stdin.on("error", () => undefined); // the end of the process says it too
    child.on("error", (error) => this.#ended(child, notStarted("nft", error)));
    child.on("close", () =>
      this.#ended(child, new OperationError("unavailable", `nft ended: ${this.#output.trim()}`)),
    );
    this.#output = "";
    this.#bytes = 0;
    this.#child = child;
    return child;
  }

  #read(text: string): void {
    this.#output += text;
    const waiting = this.#waiting;
    const end = waiting?.end.exec(this.#output);
    if (!waiting || !end) return;
    const output = this.#output.slice(0, end.index);
    this.#output = "";
    this.#waiting = undefined;
    // Behind the mark nft points at it with carets, which may come after the line before was done.
    waiting.resolve(output.replace(/^[\s^]+/, "").trim());
  }

  #ended(child: ChildProcessWithoutNullStreams, error: OperationError): void {
    if (this.#child === child) this.#child = undefined;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}
