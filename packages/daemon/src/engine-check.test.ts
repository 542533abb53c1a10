import { newVirtualClock, OperationError } from "@skein/base";
import { expect, test } from "vitest";
import { checkEngine } from "./engine-check.ts";

const away = (): Promise<never> =>
  Promise.reject(new OperationError("unavailable", "connect ENOENT /run/docker.sock"));

const watched = (promise: Promise<unknown>) => {
  const outcome: { value?: unknown; error?: unknown } = {};
  void promise.then(
    (value) => Object.assign(outcome, { value }),
    (error: unknown) => Object.assign(outcome, { error }),
  );
  return outcome;
};

test("outside a cluster the daemon waits for its engine, then gives up", async () => {
  const clock = newVirtualClock();
  const outcome = watched(checkEngine({ clock, describe: away, isMember: false }));
  await clock.advance(9000);
  expect(outcome).toEqual({});
  await clock.advance(1000);
  expect(outcome).toMatchObject({ error: { message: "connect ENOENT /run/docker.sock" } });
});

test("an engine that comes late is waited for", async () => {
  const clock = newVirtualClock();
  const start = clock.monotonic();
  const describe = (): Promise<unknown> =>
    clock.monotonic() - start < 5000 ? away() : Promise.resolve();
  const outcome = watched(checkEngine({ clock, describe, isMember: false }));
  await clock.advance(6000);
  expect(outcome).toEqual({ value: undefined });
});

test("a member starts without its engine, also when it hangs", async () => {
  const clock = newVirtualClock();
  const gone = watched(checkEngine({ clock, describe: away, isMember: true }));
  const signals: AbortSignal[] = [];
  const hangs = (signal: AbortSignal): Promise<unknown> => {
    signals.push(signal);
    return new Promise(() => {});
  };
  const hanging = watched(checkEngine({ clock, describe: hangs, isMember: true }));
  await clock.advance(0);
  expect(gone).toEqual({ value: "connect ENOENT /run/docker.sock" });
  await clock.advance(2000);
  expect(hanging).toEqual({ value: "the container engine has not answered within 2 s" });
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
});

test("an engine that is too old is refused at once, on a member too", async () => {
  const clock = newVirtualClock();
  const describe = (): Promise<never> =>
    Promise.reject(new OperationError("failed-precondition", "too old"));
  for (const isMember of [false, true])
    await expect(checkEngine({ clock, describe, isMember })).rejects.toThrow("too old");
});
