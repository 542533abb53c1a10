import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@skein/base";
import { afterEach, beforeEach, expect, test } from "vitest";
import { notifyServiceManager } from "./notify.ts";

let directory = "";
let received = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "skein-notify-"));
  received = join(directory, "received");
  const program = join(directory, "systemd-notify");
  writeFileSync(program, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >"${received}"\n`);
  chmodSync(program, 0o755);
});
afterEach(() => rmSync(directory, { recursive: true }));

test("passes the states and our process id on, under systemd", async () => {
  const environment = { PATH: `${directory}:/usr/bin:/bin`, NOTIFY_SOCKET: "/run/notify" };
  await notifyServiceManager(["READY=1", "STATUS=serving"], silentLogger, environment);
  expect(readFileSync(received, "utf8")).toBe(
    `/run/notify --pid=${process.pid} READY=1 STATUS=serving\n`,
  );
});

test("does nothing elsewhere", async () => {
  await notifyServiceManager(["READY=1"], silentLogger, { PATH: `${directory}:/usr/bin:/bin` });
  expect(existsSync(received)).toBe(false);
});

test("warns when systemd-notify cannot be run", async () => {
  const warnings: unknown[] = [];
  const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
  await notifyServiceManager(["READY=1"], logger, { PATH: "/nowhere", NOTIFY_SOCKET: "/run/n" });
  expect(warnings).toEqual(["systemd was not notified"]);
});
