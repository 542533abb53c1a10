export { newMemoryDisk, openMemoryLog } from "./memory-log.ts";
export type { MemoryDisk } from "./memory-log.ts";
export type { Leadership, LoadedState, Log, LogBatch, LogListener, LogRecord } from "./ports.ts";
export { Store } from "./store.ts";
export type { CommittedBatch, Planner } from "./store.ts";
export { tableNames } from "./tables.ts";
export type { Change, TableName, TableTypes, View } from "./tables.ts";
export type { Draft, Transaction } from "./transaction.ts";
