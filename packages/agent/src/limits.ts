/** How long a step of a task waits before it is tried again after a temporary failure, in ms. */
export const STEP_RETRY_MS = 1000;

/** Docker's stop grace period for services that name none, in ms. */
export const DEFAULT_STOP_GRACE_MS = 10_000;

/** How long the engine may overrun a grace period before the agent kills by itself, in ms. */
export const STOP_OVERRUN_MS = 10_000;

/** How long the event that tells a removed container's exit code may be behind, in ms. */
export const EXIT_EVENT_MS = 1000;

/** How often what is is compared with what should be, in ms. */
export const AUDIT_INTERVAL_MS = 10_000;

/** How often the engine is asked whether it lives, in ms. */
export const PING_INTERVAL_MS = 2000;

/** How long an answer to that may take, in ms: an engine that is slow only is not gone. */
export const PING_TIMEOUT_MS = 10_000;

/** How long an engine may be away before the node counts as down, in ms. */
export const ENGINE_LOSS_MS = 5000;

/** How often a lost engine is tried, in ms. */
export const ENGINE_RETRY_MS = 500;

/** How often the description of the host is collected anew, in ms (behaviour.md, section 14). */
export const DESCRIPTION_INTERVAL_MS = 20_000;

/** Longest pause between two attempts to reach a manager, in ms. */
export const BACKOFF_MAX_MS = 8000;

/** Shortest upper bound of that pause, in ms. */
export const BACKOFF_MIN_MS = 100;

/** How long dialling a manager may take, in ms: its machine may be gone, and others wait for this node. */
export const DIAL_TIMEOUT_MS = 3000;

/** How long a manager's welcome may take, in ms. */
export const WELCOME_TIMEOUT_MS = 10_000;

/** How long collecting what a greeting says of this host may take, in ms: programs of the host are asked. */
export const GREETING_TIMEOUT_MS = 30_000;

/** How long dialling the leader that another manager named may take, in ms: it may just have died. */
export const REDIRECT_TIMEOUT_MS = 2000;

/** Statuses that come within this time go in one message, in ms. */
export const STATUS_BATCH_MS = 100;

/** Statuses per message. */
export const STATUS_BATCH_SIZE = 1000;

/** Output collected before a piece is sent: bytes and lines. */
export const LOG_BATCH_BYTES = 65_536;
export const LOG_BATCH_LINES = 500;
