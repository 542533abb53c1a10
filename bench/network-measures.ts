// What a path carries, and what each unit of it costs in processor time.
import { readdirSync, readFileSync } from "node:fs";
import { loadavg } from "node:os";
import type { NetworkNamespace } from "../e2e/support/net/network-namespace.ts";

/** From where to where. */
export interface Path {
  readonly what: string;
  readonly client: NetworkNamespace;
  readonly address: string;
  readonly ports: Ports;
  /** Process ids of the servers, and of what stands between: their processor time counts. */
  readonly programs: readonly number[];
}

export interface Ports {
  readonly iperf: number;
  readonly http: number;
}

/** One measurement: how much in a second, and the processor time that each unit took. */
export interface Sample {
  readonly rate: number;
  readonly cpu: number;
  /** The machine's load then: how many wanted a processor, over the last minute. */
  readonly load: number;
}

/** How long each measurement lasts. */
const SECONDS = 2;

/** Of a process, or of its ended children, in seconds. */
const cpuOf = (stat: string, ofChildren = false): number => {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, system] = ofChildren ? [fields[13], fields[14]] : [fields[11], fields[12]];
  return (Number(user) + Number(system)) / 100;
};

/** The kernel's threads for packets that no process had time for. */
const softirqThreads = readdirSync("/proc").filter(
  (id) => /^\d+$/.test(id) && readFileSync(`/proc/${id}/comm`, "utf8").startsWith("ksoftirqd/"),
);

/**
 * Processor time so far of the programs and of the kernel's packet threads, in seconds. What the kernel does in
 * interrupts counts for the process that it interrupts, here nearly always the one that sends.
 */
const used = (programs: readonly number[]): number =>
  [...programs, ...softirqThreads]
    .map((id) => cpuOf(readFileSync(`/proc/${id}/stat`, "utf8")))
    .reduce((sum, one) => sum + one, 0);

/** What the client printed, and the processor time that all took. */
const measured = async (path: Path, command: string): Promise<readonly [string, number]> => {
  const before = used(path.programs);
  const text = await path.client.sh(`${command}; cat /proc/$$/stat`);
  const client = cpuOf(text.trim().split("\n").at(-1) ?? "", true);
  return [text, used(path.programs) - before + client];
};

const load = (): number => loadavg()[0] ?? 0;

/** One connection that is full: Gbit/s, and seconds for each gigabyte. */
export const stream = async (path: Path): Promise<Sample> => {
  const { address, ports } = path;
  const command = `iperf3 -J -c ${address} -p ${ports.iperf} -t ${SECONDS}`;
  const [text, cpu] = await measured(path, command);
  const json: unknown = JSON.parse(text.slice(0, text.lastIndexOf("}") + 1));
  const { end } = json as {
    readonly end: {
      readonly sum_received: { readonly bits_per_second: number; readonly bytes: number };
    };
  };
  const { bits_per_second: bits, bytes } = end.sum_received;
  return { rate: bits / 1e9, cpu: cpu / (bytes / 1e9), load: load() };
};

/** HTTP requests on 16 connections, or each on one of its own: per second, and microseconds for each. */
export const requests = async (path: Path, isNew: boolean): Promise<Sample> => {
  const close = isNew ? "-H 'Connection: close'" : "";
  const url = `http://${path.address}:${path.ports.http}/`;
  const [text, cpu] = await measured(path, `wrk -t1 -c16 -d${SECONDS}s ${close} ${url}`);
  const count = Number(/(\d+) requests in/.exec(text)?.[1]);
  const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]);
  if (!(count > 0)) throw new Error(`${path.what}: no answer: ${text}`);
  return { rate, cpu: (cpu / count) * 1e6, load: load() };
};
