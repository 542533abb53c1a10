import { OperationError, messageOf } from "@skein/base";
import type { Clock, Logger, Random } from "@skein/base";
import { leafOf, validityOf } from "../shared/trust.ts";
import type { Validity } from "../shared/trust.ts";
import { BACKDATE_MS } from "./root-authority.ts";

/** The part of a certificate's life after which it is renewed (behaviour.md, 18.4). */
const EARLIEST = 0.5;
const LATEST = 0.8;
const BACKOFF_MIN_MS = 5_000;
const BACKOFF_MAX_MS = 3_600_000;

/**
 * When to renew a certificate, in milliseconds since the epoch: a random moment between 50 and
 * 80 % of its life, counted from when it was issued, so that a cluster's nodes do not come at once.
 */
export const renewalMoment = ({ notBefore, notAfter }: Validity, random: Random): number => {
  const issued = Math.min(notBefore + BACKDATE_MS, notAfter);
  const part = EARLIEST + (LATEST - EARLIEST) * random.next();
  return issued + part * (notAfter - issued);
};

/** What the renewal loop works with. */
export interface RenewalOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The node's certificate chain now. */
  readonly certificatePem: () => string;
  /** Gets and stores a new certificate. */
  readonly renew: (signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

/** A node's certificate renews by itself while this runs. */
export interface Renewals {
  /** Renews now: the role has changed, or the root is rotated. */
  force(): void;
  /** Settles when the signal is aborted. Never rejects. */
  readonly ended: Promise<void>;
}

/** Starts the loop that renews a node's certificate in time, with backoff from 5 s to 1 h. */
export const startRenewals = (options: RenewalOptions): Renewals => {
  const { clock, random, logger, signal } = options;
  let forced = new AbortController();
  const isEnding = (): boolean => signal.aborted;

  /** Sleeps until a moment comes, the loop is to end, or a renewal is forced. */
  const sleepUntil = async (moment: number): Promise<void> => {
    const waiting = AbortSignal.any([signal, forced.signal]);
    await clock.sleep(Math.max(0, moment - clock.now()), waiting).catch(() => {
      // Woken before the time: both reasons are looked at by the caller.
    });
    if (forced.signal.aborted) forced = new AbortController();
  };

  const attempt = async (): Promise<boolean> => {
    try {
      await options.renew(signal);
      logger.info("certificate renewed");
      return true;
    } catch (error) {
      const kind = error instanceof OperationError ? error.kind : "unknown";
      if (!signal.aborted)
        logger.warn("certificate not renewed", { reason: messageOf(error), kind });
      return false;
    }
  };

  const run = async (): Promise<void> => {
    let backoffMs = BACKOFF_MIN_MS;
    let moment = renewalMoment(validityOf(leafOf(options.certificatePem())), random);
    while (!isEnding()) {
      await sleepUntil(moment);
      if (isEnding()) return;
      if (await attempt()) {
        backoffMs = BACKOFF_MIN_MS;
        moment = renewalMoment(validityOf(leafOf(options.certificatePem())), random);
      } else {
        moment = clock.now() + backoffMs;
        backoffMs = Math.min(backoffMs * 2, BACKOFF_MAX_MS);
      }
    }
  };
  return { force: () => forced.abort(), ended: run() };
};
