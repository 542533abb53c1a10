export { writeFileAtomically } from "./shared/atomic-file.ts";
export type { FileLock } from "./shared/file-lock.ts";
export { systemClock } from "./system/clock.ts";
export { logLevels, newLogger, stderrLogger } from "./system/logger.ts";
export type { LoggerOptions, LogLevel } from "./system/logger.ts";
export { notifyServiceManager } from "./system/notify.ts";
export { claimPidFile } from "./system/pid-file.ts";
export { systemRandom } from "./system/random.ts";
