import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { RemotesStore, StoredTask, TablesStore, TaskStore } from "@skein/agent";
import type { Logger, Random } from "@skein/base";
import { messageOf, OperationError } from "@skein/base";
import type { ManagerAddress, SpecAssignment } from "@skein/model";
import { KEY_BYTES, openLmdbLog, readManagerKey, writeManagerKey } from "@skein/platform";
import type { LoadedState, Log, LogRecord } from "@skein/store";

/** What an agent keeps on the disk of its node. */
export interface AgentStores {
  readonly tasks: TaskStore;
  readonly remotes: RemotesStore;
  readonly tables: TablesStore;
  close(): Promise<void>;
}

export interface AgentStoreDependencies {
  readonly random: Random;
  readonly logger: Logger;
}

const TASKS = "tasks/";
const SPECS = "specs/";
const REMOTES = "remotes/all";
const TABLES = "networks/";

const openKey = async (path: string, random: Random): Promise<Uint8Array> => {
  const found = await readManagerKey(path);
  if (found.kind === "open") return found.key;
  if (found.kind === "locked")
    throw new OperationError("internal", `the key file "${path}" is locked`);
  const key = random.bytes(KEY_BYTES);
  await writeManagerKey(path, key);
  return key;
};

const openState = async (directory: string, random: Random): Promise<Log> => {
  const key = await openKey(join(directory, "agent.key"), random);
  return openLmdbLog({ directory: join(directory, "state"), key });
};

/** Whether the same can be done elsewhere on the disk: then the fault is with what is stored. */
const worksAfresh = async (directory: string, random: Random): Promise<boolean> => {
  const trial = `${directory}.trial`;
  try {
    await rm(trial, { recursive: true, force: true });
    await (await openState(trial, random)).close();
    return true;
  } catch {
    return false;
  } finally {
    await rm(trial, { recursive: true, force: true });
  }
};

/**
 * All that an agent keeps, its managers and its engine know as well. So damage is no reason to stay
 * away: what can't be read is set aside for whoever wants to look at it, and the agent begins anew.
 */
const openOrReplace = async (
  directory: string,
  { random, logger }: AgentStoreDependencies,
): Promise<{ readonly log: Log; readonly state: LoadedState }> => {
  const read = async (): Promise<{ readonly log: Log; readonly state: LoadedState }> => {
    const log = await openState(directory, random);
    try {
      return { log, state: await log.load() };
    } catch (error) {
      await log.close();
      throw error;
    }
  };
  try {
    return await read();
  } catch (error) {
    const isDamage = error instanceof OperationError && error.kind === "internal";
    if (!isDamage || !(await worksAfresh(directory, random))) throw error;
    const aside = `${directory}.damaged`;
    logger.error("the agent's state is damaged and begins anew", {
      reason: messageOf(error),
      aside,
    });
    await rm(aside, { recursive: true, force: true });
    await rename(directory, aside);
    return read();
  }
};

const put = (prefix: string, id: string, value: unknown): LogRecord => ({
  key: prefix + id,
  value,
});

/**
 * Opens the agent's state in `<data-dir>/agent`: a log like the managers', sealed with a key of its
 * own, since specs may hold credentials. Damaged state is replaced; rejects as {@link openLmdbLog}
 * does when it is in use or the disk refuses.
 */
export const openAgentStores = async (
  dataDir: string,
  dependencies: AgentStoreDependencies,
): Promise<AgentStores> => {
  const { log, state } = await openOrReplace(join(dataDir, "agent"), dependencies);
  const { term } = await log.campaign("agent", new AbortController().signal);
  const known = new Map<string, unknown>();
  for (const record of state.records) known.set(record.key, record.value);
  let { index } = state;
  let writing: Promise<void> = Promise.resolve();

  const commit = async (records: readonly LogRecord[]): Promise<void> => {
    if (records.length === 0) return;
    await log.commit({ index: index + 1, term, records });
    index += 1;
    for (const record of records)
      if (record.value === undefined) known.delete(record.key);
      else known.set(record.key, record.value);
  };
  /** One after the other: the index is only right when the commit before is done. */
  const write = (records: () => readonly LogRecord[]): Promise<void> => {
    const run = writing.then(() => commit(records()));
    writing = run.catch(() => {
      // Told to whoever asked; the next write goes ahead.
    });
    return run;
  };
  const values = (prefix: string): readonly unknown[] =>
    [...known].flatMap(([name, value]) => (name.startsWith(prefix) ? [value] : []));

  const tasks: TaskStore = {
    load: () =>
      Promise.resolve({
        tasks: values(TASKS) as readonly StoredTask[],
        specs: values(SPECS) as readonly SpecAssignment[],
      }),
    save: (changes) =>
      write(() => [
        ...changes.tasks.map((stored) => put(TASKS, stored.task.id, stored)),
        ...changes.removedTasks.map((id) => put(TASKS, id, undefined)),
        ...changes.specs.map((spec) => put(SPECS, spec.key, spec)),
        ...changes.removedSpecs.map((id) => put(SPECS, id, undefined)),
      ]),
    clear: () => write(() => [...known.keys()].map((name) => put("", name, undefined))),
  };
  const remotes: RemotesStore = {
    load: () => Promise.resolve((known.get(REMOTES) ?? []) as readonly ManagerAddress[]),
    save: (managers) => write(() => [put("", REMOTES, managers)]),
  };
  const tables: TablesStore = {
    load: () =>
      Promise.resolve(
        [...known].flatMap(([name, value]) =>
          name.startsWith(TABLES) ? [{ key: name.slice(TABLES.length), value }] : [],
        ),
      ),
    save: (entries) => write(() => entries.map(({ key, value }) => put(TABLES, key, value))),
    clear: () =>
      write(() =>
        [...known.keys()]
          .filter((name) => name.startsWith(TABLES))
          .map((name) => put("", name, undefined)),
      ),
  };
  return {
    tasks,
    remotes,
    tables,
    close: async () => {
      await writing;
      await log.close();
    },
  };
};
