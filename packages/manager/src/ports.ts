import type { Logger, Random } from "@skein/base";

/** What every control function may use besides the transaction. Time is `tx.now`. */
export interface PlanContext {
  readonly random: Random;
  readonly logger: Logger;
}

/** What a control function answers: when it wants to look again even if nothing changes. */
export interface PlanOutcome {
  /** Milliseconds since the epoch, by the leader's clock. */
  readonly wakeAt?: number;
}
