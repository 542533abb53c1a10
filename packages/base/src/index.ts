export type { Clock } from "./clock.ts";
export { deepEqual } from "./equal.ts";
export { assert, messageOf, OperationError, rpcError, unreachable } from "./errors.ts";
export type { ErrorKind } from "./errors.ts";
export { ID_LENGTH, newId, toBase36 } from "./ids.ts";
export { silentLogger } from "./logger.ts";
export type { Fields, Logger } from "./logger.ts";
export { seededRandom } from "./random.ts";
export type { Random } from "./random.ts";
