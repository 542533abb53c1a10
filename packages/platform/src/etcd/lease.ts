import type { ClientDuplexStream } from "@grpc/grpc-js";
import { OperationError, messageOf } from "@skein/base";
import type { CallOptions, Channels } from "./channels.ts";
import * as methods from "./methods.ts";
import type { Lease } from "./methods.ts";

/** What lease to ask for. */
export interface LeaseOptions extends CallOptions {
  /** Whole seconds. etcd grants no less than one and a half times its election timeout. */
  readonly ttlSeconds: number;
}

/** A lease that is kept alive until it is revoked or lost. */
export interface KeptLease {
  readonly id: string;
  /** What was granted, in milliseconds. */
  readonly ttlMs: number;
  /** Aborted, with the reason, when the lease may have run out. */
  readonly lost: AbortSignal;
  /** Whether the lease is certainly alive now, by the monotonic clock. False aborts `lost`. */
  valid(): boolean;
  /** Ends the lease, here at once and in etcd if it can be reached. Never rejects. */
  revoke(): Promise<void>;
}

/** Signs of life per life of the lease. */
const BEATS = 5;
/** The share of the lease that is relied on: clocks do not run at quite the same speed. */
const RELIED = 0.95;
/** How long to wait before a stream that failed is opened again, in milliseconds. */
const REOPEN_MS = 100;
const REVOKE_MS = 2_000;

const lostError = (reason: string): OperationError =>
  new OperationError("unavailable", `the lease on the leadership was lost: ${reason}`);

/**
 * Counts from the moment at which a sign of life was sent, never from that of the answer: etcd
 * counts from some moment in between, so the lease never ends there before it has ended here.
 */
class LeaseKeeper implements KeptLease {
  readonly id: string;
  readonly ttlMs: number;
  readonly #channels: Channels;
  readonly #over = new AbortController();
  #confirmed: number;
  #expiry: NodeJS.Timeout | undefined;
  #beat: NodeJS.Timeout | undefined;
  #stream: ClientDuplexStream<{ id: string | number }, Lease> | undefined;
  /** When each sign of life was sent that has no answer yet. */
  #pending: number[] = [];

  constructor(channels: Channels, id: string, ttlMs: number, sentAt: number) {
    this.#channels = channels;
    this.id = id;
    this.ttlMs = ttlMs;
    this.#confirmed = sentAt;
    this.#armExpiry();
    this.#keepAlive();
  }

  get lost(): AbortSignal {
    return this.#over.signal;
  }

  valid(): boolean {
    if (!this.lost.aborted && this.#remaining() <= 0) this.#lose("it could not be renewed in time");
    return !this.lost.aborted;
  }

  async revoke(): Promise<void> {
    this.#lose("it was given up");
    try {
      await this.#channels.unary(methods.leaseRevoke, { id: this.id }, { timeoutMs: REVOKE_MS });
    } catch {
      // It runs out by itself.
    }
  }

  #remaining(): number {
    return this.#confirmed + this.ttlMs * RELIED - performance.now();
  }

  #lose(reason: string): void {
    if (this.lost.aborted) return;
    clearTimeout(this.#expiry);
    clearTimeout(this.#beat);
    this.#stream?.cancel();
    this.#stream = undefined;
    this.#over.abort(lostError(reason));
  }

  #armExpiry(): void {
    clearTimeout(this.#expiry);
    this.#expiry = setTimeout(
      () => {
        if (this.valid()) this.#armExpiry();
      },
      Math.max(1, this.#remaining()),
    );
  }

  /** One round: a sign of life, on a new stream when the present one does not answer. */
  #keepAlive(): void {
    if (!this.valid()) return;
    const [oldest] = this.#pending;
    const patience = (2 * this.ttlMs) / BEATS;
    if (oldest !== undefined && performance.now() - oldest > patience) this.#dropStream();
    try {
      this.#stream ??= this.#open();
    } catch (error) {
      this.#lose(messageOf(error)); // the client was closed
      return;
    }
    this.#pending.push(performance.now());
    this.#stream.write({ id: this.id });
    this.#next(this.ttlMs / BEATS);
  }

  #next(ms: number): void {
    clearTimeout(this.#beat);
    this.#beat = setTimeout(() => this.#keepAlive(), ms);
  }

  #dropStream(): void {
    this.#stream?.cancel();
    this.#stream = undefined;
    this.#pending = [];
    this.#channels.rotate();
  }

  #open(): ClientDuplexStream<{ id: string | number }, Lease> {
    const stream = this.#channels.duplex(methods.leaseKeepAlive);
    const failed = (): void => {
      if (this.#stream !== stream || this.lost.aborted) return;
      this.#dropStream();
      this.#next(REOPEN_MS);
    };
    stream.on("error", failed);
    stream.on("end", failed);
    stream.on("data", (answer) => {
      if (this.#stream === stream) this.#answered(answer);
    });
    return stream;
  }

  #answered(answer: Lease): void {
    const sentAt = this.#pending.shift();
    if (sentAt === undefined || !this.valid()) return;
    if (Number(answer.ttl) <= 0) {
      this.#lose("etcd has ended it");
      return;
    }
    this.#confirmed = sentAt;
    this.#armExpiry();
  }
}

/** Grants a lease and keeps it alive. Rejects as {@link Channels.unary} does. */
export const keepLease = async (channels: Channels, options: LeaseOptions): Promise<KeptLease> => {
  const sentAt = performance.now();
  const granted = await channels.unary(methods.leaseGrant, { ttl: options.ttlSeconds }, options);
  if (granted.error !== "")
    throw new OperationError("unavailable", `etcd grants no lease: ${messageOf(granted.error)}`);
  return new LeaseKeeper(channels, granted.id, Number(granted.ttl) * 1_000, sentAt);
};
