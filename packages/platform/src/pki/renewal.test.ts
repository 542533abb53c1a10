import { seededRandom, silentLogger } from "@skein/base";
import type { Clock } from "@skein/base";
import { beforeAll, expect, test } from "vitest";
import { createCertificateRequest } from "./certificate-request.ts";
import { renewalMoment, startRenewals } from "./renewal.ts";
import { createRootAuthority } from "./root-authority.ts";
import { newSigner } from "./signer.ts";
import type { Signer } from "./signer.ts";

const HOUR = 3_600_000;
const start = Date.UTC(2026, 0, 1);
let signer: Signer;
beforeAll(async () => {
  signer = await newSigner(await createRootAuthority(start));
});

const certificateAt = async (now: number, lifetimeMs: number): Promise<string> =>
  signer.issueNodeCertificate((await createCertificateRequest()).csr, {
    identity: { nodeId: "n", role: "worker", clusterId: "c" },
    now,
    lifetimeMs,
  });

/** A clock that jumps to the end of each sleep, and ends the loop after `turns` sleeps. */
const jumpingClock = (
  turns: number,
  end: AbortController,
): Clock & { readonly sleeps: number[] } => {
  let now = start;
  const sleeps: number[] = [];
  return {
    sleeps,
    now: () => now,
    monotonic: () => now,
    sleep: (ms) => {
      sleeps.push(ms);
      now += ms;
      if (sleeps.length === turns) end.abort();
      return Promise.resolve();
    },
  };
};

test("the moment lies between 50 and 80 % of the life after issue, spread evenly", () => {
  const validity = { notBefore: start - HOUR, notAfter: start + 100 * HOUR };
  const random = seededRandom(1);
  const parts = Array.from(
    { length: 2_000 },
    () => (renewalMoment(validity, random) - start) / (100 * HOUR),
  );
  expect(Math.min(...parts)).toBeGreaterThanOrEqual(0.5);
  expect(Math.min(...parts)).toBeLessThan(0.51);
  expect(Math.max(...parts)).toBeLessThan(0.8);
  expect(Math.max(...parts)).toBeGreaterThan(0.79);
});

test("renews in time, again and again, and backs off from 5 s to 1 h on failure", async () => {
  const end = new AbortController();
  const clock = jumpingClock(16, end);
  let certificatePem = await certificateAt(start, 100 * HOUR);
  let calls = 0;
  const { ended } = startRenewals({
    clock,
    random: seededRandom(3),
    logger: silentLogger,
    certificatePem: () => certificatePem,
    renew: async () => {
      calls += 1;
      if (calls > 2 && calls < 15) throw new Error("no manager");
      certificatePem = await certificateAt(clock.now(), 100 * HOUR);
    },
    signal: end.signal,
  });
  await ended;
  const [first = 0, second = 0, third = 0, ...backoff] = clock.sleeps;
  for (const sleep of [first, second, third]) {
    expect(sleep).toBeGreaterThanOrEqual(50 * HOUR - 1_000);
    expect(sleep).toBeLessThan(80 * HOUR);
  }
  const doubling = [5, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600];
  expect(backoff.slice(0, 12)).toEqual(doubling.map((seconds) => seconds * 1_000));
  expect(backoff[12]).toBeGreaterThan(49 * HOUR);
});

test("a forced renewal happens at once, and an abort ends the loop", async () => {
  const end = new AbortController();
  const certificatePem = await certificateAt(start, 100 * HOUR);
  const clock: Clock = {
    now: () => start,
    monotonic: () => start,
    sleep: (_ms, signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
      }),
  };
  let renewed = (): void => {};
  const renewal = new Promise<void>((resolve) => {
    renewed = resolve;
  });
  const renewals = startRenewals({
    clock,
    random: seededRandom(3),
    logger: silentLogger,
    certificatePem: () => certificatePem,
    renew: () => {
      renewed();
      return Promise.resolve();
    },
    signal: end.signal,
  });
  renewals.force();
  await renewal;
  end.abort();
  await expect(renewals.ended).resolves.toBeUndefined();
});
