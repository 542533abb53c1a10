import { readdirSync, readFileSync } from "node:fs";

/** A process of this machine; the start time tells it from a later process with the same pid. */
export interface ProcessRecord {
  readonly pid: number;
  /** Clock ticks since boot, field 22 of /proc/PID/stat. */
  readonly startTime: string;
}

/** What /proc/PID/stat says of a process. */
export interface ProcessStat extends ProcessRecord {
  readonly parent: number;
  /** `R`, `S`, `T` (stopped), `Z` (zombie) ... */
  readonly state: string;
}

/** Reads a line of /proc/PID/stat; the name in it may hold spaces and brackets. */
export const parseStat = (line: string): ProcessStat | undefined => {
  const close = line.lastIndexOf(")");
  const pid = Number(line.slice(0, line.indexOf(" ")));
  const fields = line.slice(close + 2).split(" ");
  const [state, parent] = fields;
  const startTime = fields[19];
  if (close < 0 || state === undefined || startTime === undefined || !Number.isInteger(pid))
    return undefined;
  return { pid, state, parent: Number(parent), startTime };
};

/** Reads "pid starttime", as a host's scripts write it. */
export const parseRecord = (text: string): ProcessRecord | undefined => {
  const match = /^(\d+) (\d+)\s*$/.exec(text);
  const [, pid, startTime] = match ?? [];
  return pid === undefined || startTime === undefined ? undefined : { pid: Number(pid), startTime };
};

const tryRead = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // no such process or file (any more): the caller's answer is "not there"
  }
};

/** The process now, or undefined when it is gone (a zombie counts as gone). */
export const statOf = (record: ProcessRecord): ProcessStat | undefined => {
  const stat = parseStat(tryRead(`/proc/${record.pid}/stat`) ?? "");
  return stat?.startTime === record.startTime && stat.state !== "Z" ? stat : undefined;
};

/** The process recorded in `file` if it still runs. */
export const runningIn = (file: string): ProcessStat | undefined => {
  const record = parseRecord(tryRead(file) ?? "");
  return record === undefined ? undefined : statOf(record);
};

/** Every process of this machine. */
export const allProcesses = (): readonly ProcessStat[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => parseStat(tryRead(`/proc/${name}/stat`) ?? ""))
    .filter((stat) => stat !== undefined);

/** `root` and everything below it, parents first. */
export const treeOf = (root: number, processes: readonly ProcessStat[]): readonly ProcessStat[] => {
  const tree = processes.filter(({ pid }) => pid === root);
  for (const { pid } of tree) tree.push(...processes.filter(({ parent }) => parent === pid));
  return tree;
};
