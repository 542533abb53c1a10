import type { Clock, VirtualClock } from "@skein/base";
import { newVirtualClock, seededRandom, silentLogger } from "@skein/base";
import type { TLSInfo } from "@skein/wire";
import { expect, test } from "vitest";
import type { NodeCertificates } from "./keeper.ts";
import { CertificateKeeper } from "./keeper.ts";
import { renewalMoment } from "./renewal-moment.ts";

const HOUR = 3_600_000;
const start = Date.UTC(2026, 0, 1);
const oldRoot = { subject: "CN=a", publicKey: "A" };
const newRoot = { subject: "CN=a", publicKey: "B" };

/** Certificates without cryptography: who issued them, and until when. */
class FakeCertificates implements NodeCertificates {
  info: TLSInfo = { TrustRoot: "A", CertIssuerSubject: "CN=a", CertIssuerPublicKey: "A" };
  /** What the cluster gives out. */
  offered: TLSInfo = this.info;
  offeredRole: "worker" | "manager" = "worker";
  fails = false;
  readonly done: string[] = [];
  readonly #clock: Clock;
  #issued: number;
  #role: "worker" | "manager" = "worker";

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#issued = clock.now();
  }

  tlsInfo = (): TLSInfo => this.info;
  role = () => this.#role;
  life = () => ({ issued: this.#issued, expires: this.#issued + 100 * HOUR });
  renew = async (): Promise<void> => {
    this.done.push(`${this.fails ? "no " : ""}renewal at ${this.#clock.now() - start}`);
    if (this.fails) throw new Error("no manager");
    this.#issued = this.#clock.now();
    this.info = this.offered;
    this.#role = this.offeredRole;
  };
  trust = async (roots: string): Promise<void> => {
    this.done.push(`trust ${roots}`);
    this.info = { ...this.info, TrustRoot: roots };
  };
}

interface Rig {
  readonly clock: VirtualClock;
  readonly certificates: FakeCertificates;
  readonly keeper: CertificateKeeper;
  /** When each thing was done, in ms since the start. */
  readonly times: () => readonly number[];
  readonly stop: () => Promise<void>;
}

const newRig = (): Rig => {
  const clock = newVirtualClock(start);
  const certificates = new FakeCertificates(clock);
  const [random, logger] = [seededRandom(3), silentLogger];
  const keeper = new CertificateKeeper({ certificates, clock, random, logger });
  const end = new AbortController();
  const ended = keeper.run(end.signal);
  const stop = (): Promise<void> => {
    end.abort();
    return ended;
  };
  const times = () => certificates.done.map((line) => Number(line.split(" at ")[1]));
  return { clock, certificates, keeper, times, stop };
};

test("the moment lies between 50 and 80 % of the life, spread evenly", () => {
  const random = seededRandom(1);
  const life = { issued: start, expires: start + 100 * HOUR };
  const parts = Array.from(
    { length: 2000 },
    () => (renewalMoment(life, random) - start) / (100 * HOUR),
  );
  expect(Math.min(...parts)).toBeGreaterThanOrEqual(0.5);
  expect(Math.min(...parts)).toBeLessThan(0.51);
  expect(Math.max(...parts)).toBeLessThan(0.8);
  expect(Math.max(...parts)).toBeGreaterThan(0.79);
});

test("renews in time, again and again", async () => {
  const { clock, times, stop } = newRig();
  await clock.advance(400 * HOUR);
  const moments = [0, ...times()];
  expect(moments.length).toBeGreaterThanOrEqual(6);
  moments.slice(1).forEach((moment, index) => {
    const pause = moment - (moments[index] ?? 0);
    expect(pause).toBeGreaterThanOrEqual(50 * HOUR);
    expect(pause).toBeLessThan(80 * HOUR);
  });
  await stop();
});

test("backs off from 5 s to 1 h on failure", async () => {
  const { clock, certificates, times, stop } = newRig();
  certificates.fails = true;
  await clock.advance(84 * HOUR);
  const pauses = times()
    .slice(1)
    .map((time, index) => time - (times()[index] ?? 0));
  const doubling = [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600];
  expect(pauses.slice(0, 12)).toEqual(doubling.map((seconds) => seconds * 1000));
  await stop();
});

test("a new role is a reason to renew at once, and once", async () => {
  const { clock, certificates, keeper, stop } = newRig();
  await clock.settle();
  certificates.offeredRole = "manager";
  keeper.heard({ role: "manager", rootCertificate: "A", issuer: oldRoot });
  await clock.settle();
  expect(certificates.done).toEqual(["renewal at 0"]);
  await clock.advance(HOUR);
  expect(certificates.done).toHaveLength(1);
  await stop();
});

test("follows a rotation of the root: a new certificate, then no trust in the old root", async () => {
  const { clock, certificates, keeper, stop } = newRig();
  certificates.offered = { TrustRoot: "AB", CertIssuerSubject: "CN=a", CertIssuerPublicKey: "B" };
  keeper.heard({ role: "worker", rootCertificate: "AB", issuer: newRoot });
  await clock.advance(1000);
  expect(certificates.done).toHaveLength(1);
  expect(certificates.info).toEqual(certificates.offered);
  // A word that is repeated does no harm.
  keeper.heard({ role: "worker", rootCertificate: "AB", issuer: newRoot });
  await clock.advance(10_000);
  expect(certificates.done).toHaveLength(1);
  keeper.heard({ role: "worker", rootCertificate: "B", issuer: newRoot });
  await clock.advance(1000);
  expect(certificates.done.at(-1)).toBe("trust B");
  expect(certificates.done).toHaveLength(2);
  await stop();
});

test("a manager that knows nothing of issuers asks for nothing", async () => {
  const { clock, certificates, keeper, stop } = newRig();
  keeper.heard({ role: "worker", rootCertificate: "A" });
  await clock.advance(HOUR);
  expect(certificates.done).toEqual([]);
  await stop();
});

test("while the root is rotated it tries at least once a minute, and at once on a new word", async () => {
  const { clock, certificates, keeper, stop } = newRig();
  certificates.fails = true;
  keeper.heard({ role: "worker", rootCertificate: "AB", issuer: newRoot });
  await clock.advance(HOUR);
  const tries = certificates.done.length;
  expect(tries).toBeGreaterThan(55);
  keeper.heard({ role: "worker", rootCertificate: "AC", issuer: { ...newRoot, publicKey: "C" } });
  await clock.advance(1000);
  expect(certificates.done).toHaveLength(tries + 1);
  // Back to the root that it has: there is nothing left to do.
  keeper.heard({ role: "worker", rootCertificate: "A", issuer: oldRoot });
  await clock.advance(HOUR);
  expect(certificates.done.length).toBeLessThanOrEqual(tries + 2);
  await stop();
});

test("a renewal that brings the wrong issuer is not repeated without a pause", async () => {
  const { clock, certificates, keeper, stop } = newRig();
  keeper.heard({ role: "worker", rootCertificate: "A", issuer: newRoot });
  await clock.advance(60_000);
  expect(certificates.done.length).toBeGreaterThan(1);
  expect(certificates.done.length).toBeLessThan(6);
  await stop();
});

test("a renewal that never ends is given up", async () => {
  const { clock, certificates, keeper, stop } = newRig();
  let calls = 0;
  certificates.renew = () => {
    calls += 1;
    return new Promise(() => {});
  };
  keeper.heard({ role: "manager", rootCertificate: "A" });
  await clock.advance(60_000);
  expect(calls).toBe(2);
  await stop();
});
