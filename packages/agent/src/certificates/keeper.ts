import type { Clock, Logger, Random } from "@skein/base";
import { messageOf } from "@skein/base";
import type { CertificateIssuer } from "@skein/model";
import type { TLSInfo } from "@skein/wire";
import { isAborted, linkAbort, pause, withTimeout } from "../shared/cancel.ts";
import type { CertificateLife } from "./renewal-moment.ts";
import { renewalMoment } from "./renewal-moment.ts";

const BACKOFF_MIN_MS = 5000;
const BACKOFF_MAX_MS = 3_600_000;
/** While managers want something of this node, somebody waits for it. */
const BACKOFF_WANTED_MS = 60_000;
/** A renewal that takes longer has lost whom it asked. */
const RENEWAL_MS = 30_000;
/** All nodes hear of a rotation at the same moment: each asks for its certificate within this time. */
const SPREAD_MS = 1000;

type NodeRole = "worker" | "manager";

/**
 * This node's certificate, its key and whom it trusts: what the shell can do with them. What it puts
 * to use it tells the managers too.
 */
export interface NodeCertificates {
  /** The roots that it trusts, and who issued its certificate. */
  tlsInfo(): TLSInfo;
  /** The role that its certificate proves. */
  role(): NodeRole;
  life(): CertificateLife;
  /** Has a new key certified, takes the roots that come with it, and puts both to use. */
  renew(signal: AbortSignal): Promise<void>;
  /** Trusts these roots (PEM) and no other. Rejects when the node's own certificate is not theirs. */
  trust(roots: string): Promise<void>;
}

/** What the managers want of this node's certificate. */
export interface CertificateNews {
  /** The node's role now. */
  readonly role: NodeRole;
  readonly rootCertificate: string;
  readonly issuer?: CertificateIssuer;
}

export interface KeeperDependencies {
  readonly certificates: NodeCertificates;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What is to be done. */
interface Work {
  readonly kind: "renew" | "trust";
  /** Every node has the same to do at this moment. */
  readonly isForAll: boolean;
}

/**
 * Keeps a node's certificate as the cluster wants it: renews it in time, or at once when it is of
 * another root or role than the newest word of a manager says; trusts the roots that this word names. Compares
 * what is with what should be, so a word that is repeated or missed does no harm.
 */
export class CertificateKeeper {
  readonly #deps: KeeperDependencies;
  #news: CertificateNews | undefined;
  #wake = new AbortController();

  constructor(dependencies: KeeperDependencies) {
    this.#deps = dependencies;
  }

  /** A manager said what it wants now. */
  heard(news: CertificateNews): void {
    this.#news = news;
    if (this.#wantedWork()) this.#wake.abort(new Error("there is something to do"));
  }

  /** Runs until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    let moment = this.#moment();
    let backoffMs = BACKOFF_MIN_MS;
    while (!isAborted(signal)) {
      const work = this.#workAt(moment);
      if (!work) {
        await this.#sleep(moment - clock.now(), signal);
        continue;
      }
      if (work.isForAll && !(await this.#spread(signal))) continue;
      const isDone = await this.#carryOut(work, signal);
      // What brought nothing must not be repeated without a pause.
      if (isDone && this.#wantedWork()?.kind !== work.kind) {
        backoffMs = BACKOFF_MIN_MS;
        moment = this.#moment();
        continue;
      }
      const longest = this.#wantedWork() ? BACKOFF_WANTED_MS : BACKOFF_MAX_MS;
      await this.#sleep(Math.min(backoffMs, longest), signal);
      backoffMs = Math.min(backoffMs * 2, BACKOFF_MAX_MS);
    }
  }

  #moment(): number {
    return renewalMoment(this.#deps.certificates.life(), this.#deps.random);
  }

  #workAt(moment: number): Work | undefined {
    const wanted = this.#wantedWork();
    if (wanted) return wanted;
    return this.#deps.clock.now() >= moment ? { kind: "renew", isForAll: false } : undefined;
  }

  /** A new certificate brings the roots along, so it goes first. */
  #wantedWork(): Work | undefined {
    if (!this.#news) return undefined;
    const { rootCertificate, issuer, role } = this.#news;
    if (role !== this.#deps.certificates.role()) return { kind: "renew", isForAll: false };
    const {
      TrustRoot = "",
      CertIssuerSubject = "",
      CertIssuerPublicKey = "",
    } = this.#deps.certificates.tlsInfo();
    if (
      issuer &&
      (issuer.subject !== CertIssuerSubject || issuer.publicKey !== CertIssuerPublicKey)
    )
      return { kind: "renew", isForAll: true };
    return rootCertificate === TrustRoot ? undefined : { kind: "trust", isForAll: false };
  }

  async #carryOut({ kind }: Work, signal: AbortSignal): Promise<boolean> {
    const { certificates, clock, logger } = this.#deps;
    const roots = this.#news?.rootCertificate ?? "";
    try {
      if (kind === "trust") await certificates.trust(roots);
      else await withTimeout(clock, RENEWAL_MS, signal, (limited) => certificates.renew(limited));
      logger.info(kind === "trust" ? "root certificates changed" : "certificate renewed");
      return true;
    } catch (error) {
      const what = kind === "trust" ? "root certificates not changed" : "certificate not renewed";
      if (!signal.aborted) logger.warn(what, { reason: messageOf(error) });
      return false;
    }
  }

  /** True when the work is still to be done afterwards. */
  async #spread(signal: AbortSignal): Promise<boolean> {
    await pause(this.#deps.clock, this.#deps.random.next() * SPREAD_MS, signal);
    return !isAborted(signal) && this.#wantedWork() !== undefined;
  }

  /** Sleeps at most this long: until woken, or the keeper is to end. */
  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const link = linkAbort(signal, this.#wake.signal);
    await pause(this.#deps.clock, Math.max(0, ms), link.signal);
    link.release();
    if (this.#wake.signal.aborted) this.#wake = new AbortController();
  }
}
