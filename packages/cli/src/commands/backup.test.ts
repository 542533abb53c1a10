// Goal: a backup is only there when it is whole, for its owner alone; restoring asks for what opens it.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runCli } from "../test-program.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "skein-backup-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const text = (protection: string): string =>
  `${JSON.stringify({ format: "skein-backup", version: 1, protection, key: "AAAA" })}\ndata:${"A".repeat(200_000)}\nend:AAAA\n`;

const daemonWith = (file: string) =>
  ({ "POST /skein/v1/backup": [200, Buffer.from(file)] }) as const;

describe("backup", () => {
  test("writes the file for its owner only, and warns when nothing protects it", async () => {
    const path = join(directory, "b");
    const daemon = daemonWith(text("none"));
    const { out, error, failure } = await runCli(["backup", "--to", path], daemon);
    expect({ out, failure }).toEqual({ out: `${path}\n`, failure: undefined });
    expect(error).toContain("WARNING: nothing protects this file");
    expect(readFileSync(path, "utf8")).toBe(text("none"));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(["b"]);
  });

  test("asks for the passphrase, and goes to stdout if that is asked for", async () => {
    const words = ["backup", "--to", "-", "--passphrase"];
    const { out, error, requests } = await runCli(words, daemonWith(text("passphrase")));
    expect(out).toBe(text("passphrase"));
    expect(error).toBe("");
    expect(requests.map(({ body }) => body)).toEqual([{ Passphrase: "SWMKEY-1-secret" }]);
  });

  test("what was cut leaves no file, and one that is there is not touched", async () => {
    const path = join(directory, "b");
    const cut = await runCli(["backup", "--to", path], daemonWith(text("none").slice(0, -9)));
    expect(cut.failure).toContain("the backup is not whole");
    expect(readdirSync(directory)).toEqual([]);
    writeFileSync(path, "precious");
    const there = await runCli(["backup", "--to", path], daemonWith(text("none")));
    expect(there.failure).toContain("the backup can't be written: EEXIST");
    expect(readFileSync(path, "utf8")).toBe("precious");
  });
});

describe("restore", () => {
  const daemon = {
    "POST /skein/v1/restore": [200, "node1"],
    "GET /nodes/node1": [200, { ID: "node1", ManagerStatus: { Addr: "10.0.0.1:2377" } }],
    "GET /swarm": [200, { JoinTokens: { Worker: "SWMTKN-w", Manager: "SWMTKN-m" } }],
  } as const;

  const restore = async (protection: string) => {
    const path = join(directory, "b");
    writeFileSync(path, text(protection));
    return runCli(["restore", "--advertise-addr", "10.0.0.1", path], daemon);
  };

  test.each([
    ["none", ""],
    ["passphrase", "SWMKEY-1-secret"],
    ["unlock-key", "SWMKEY-1-secret"],
  ])("of a file protected by %s", async (protection, secret) => {
    const { out, requests } = await restore(protection);
    expect(requests[0]?.body).toEqual({
      Backup: text(protection),
      Secret: secret,
      ListenAddr: "0.0.0.0:2377",
      AdvertiseAddr: "10.0.0.1",
      DataPathAddr: "",
    });
    expect(out).toContain("current node (node1) is now its only manager");
    expect(out).toContain("--token SWMTKN-m 10.0.0.1:2377");
  });

  test("of a file that is not there", async () => {
    const { failure } = await runCli(["restore", join(directory, "none")], daemon);
    expect(failure).toContain("the backup can't be read: ENOENT");
  });
});
