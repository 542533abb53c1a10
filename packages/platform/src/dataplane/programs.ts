import { spawn } from "node:child_process";
import { OperationError } from "@skein/base";

export interface ProgramResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Debian's packages of the programs used here. */
const PACKAGES: Readonly<Record<string, string>> = {
  bridge: "iproute2",
  conntrack: "conntrack",
  ip: "iproute2",
  ip6tables: "iptables",
  "ip6tables-restore": "iptables",
  "ip6tables-save": "iptables",
  iptables: "iptables",
  "iptables-restore": "iptables",
  "iptables-save": "iptables",
  nft: "nftables",
  nsenter: "util-linux",
  ss: "iproute2",
  unshare: "util-linux",
};

/** The failure of a program that cannot be started. */
export const notStarted = (program: string, cause: NodeJS.ErrnoException): OperationError => {
  const hint = PACKAGES[program] === undefined ? "" : ` (Debian package ${PACKAGES[program]})`;
  const message =
    cause.code === "ENOENT"
      ? `the program "${program}" is not installed${hint}`
      : `the program "${program}" cannot be started: ${cause.message}`;
  return new OperationError("failed-precondition", message, { cause });
};

/** Runs programs in one network namespace. */
export class Programs {
  /** Command that is put before each program, such as `nsenter --net=...`. */
  readonly enter: readonly string[];

  constructor(enter: readonly string[] = []) {
    this.enter = enter;
  }

  /** The same programs in another network namespace, by its path. */
  inNamespace(path: string): Programs {
    return new Programs([...this.enter, "nsenter", `--net=${path}`]);
  }

  /** The whole command line of a program. */
  command(program: string, args: readonly string[]): readonly [string, readonly string[]] {
    const [first = program, ...rest] = [...this.enter, program, ...args];
    return [first, rest];
  }

  /** Runs to the end. Rejects only when the program cannot be started. */
  run(program: string, args: readonly string[], input = ""): Promise<ProgramResult> {
    const [file, list] = this.command(program, args);
    return new Promise((resolve, reject) => {
      const child = spawn(file, list, {
        stdio: ["pipe", "pipe", "pipe"],
        env: { ...process.env, LC_ALL: "C" },
      });
      const output: Buffer[] = [];
      const errors: Buffer[] = [];
      child.stdout.on("data", (data: Buffer) => output.push(data));
      child.stderr.on("data", (data: Buffer) => errors.push(data));
      child.on("error", (error) => reject(notStarted(program, error)));
      child.on("close", (code) => {
        resolve({
          code: code ?? 1,
          stdout: Buffer.concat(output).toString(),
          stderr: Buffer.concat(errors).toString(),
        });
      });
      // A program that ends before it has read everything says so by its exit code.
      child.stdin.on("error", () => undefined);
      child.stdin.end(input);
    });
  }

  /** Output of a program that must succeed; rejects (kind `unavailable`) when it does not. */
  async read(program: string, args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(program, args);
    if (code === 0) return stdout;
    const command = [program, ...args].join(" ");
    throw new OperationError("unavailable", `${command}: ${stderr.trim()}`);
  }

  /** Output of a program that prints JSON; an empty one is an empty list. */
  async readJson(program: string, args: readonly string[]): Promise<unknown> {
    const text = await this.read(program, args);
    return text.trim() === "" ? [] : (JSON.parse(text) as unknown);
  }
}
