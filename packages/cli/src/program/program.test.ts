import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { complete } from "../completion/complete.ts";
import { createClient } from "@skein/sdk";
import { VERSION } from "../version.ts";
import { runCli } from "../test-program.ts";
import { buildProgram } from "./run.ts";

const recorded = (name: string): string =>
  readFileSync(new URL(`../testdata/${name}`, import.meta.url), "utf8");

const failureOf = async (line: string): Promise<string> =>
  (await runCli(line.split(" "))).failure ?? "";

test("the version is the package's", () => {
  expect(VERSION).toBe(packageJson.version);
});

describe("help", () => {
  test.each([
    ["service create --help", "service-create.help.txt"],
    ["swarm init --help", "swarm-init.help.txt"],
    ["node --help", "node.help.txt"],
    ["help node", "node.help.txt"],
  ])("%s is laid out as docker's", async (line, file) => {
    expect(await failureOf(line)).toBe(recorded(file));
  });
});

describe("wrong calls", () => {
  test.each([
    [
      "node ls --foo",
      "unknown flag: --foo\n\nUsage:  skein node ls [OPTIONS]\n\nRun 'skein node ls --help' for more information",
    ],
    ["node ls --fliter x", "unknown flag: --fliter\n\nDid you mean --filter?\n\n"],
    ["node ls -zq", "unknown shorthand flag: 'z' in -zq"],
    ["node ls --format", "flag needs an argument: --format"],
    ["node ls -f", "flag needs an argument: 'f' in -f"],
    [
      "node ls -f x",
      'invalid argument "x" for "-f, --filter" flag: bad format of filter (expected name=value)',
    ],
    ["node ls --quiet=maybe", 'invalid argument "maybe" for "-q, --quiet" flag: strconv.ParseBool'],
    ["node ls ---x", "bad flag syntax: ---x"],
    ["node ls x", "skein: 'skein node ls' accepts no arguments\n\nUsage:"],
    [
      "node rm",
      "skein: 'skein node rm' requires at least 1 argument\n\nUsage:  skein node rm [OPTIONS] NODE [NODE...]\n\nSee ",
    ],
    ["service update a b", "skein: 'skein service update' requires 1 argument\n\nUsage:"],
    [
      "nod ls",
      "skein: unknown command: skein nod\n\nDid you mean 'skein node'?\n\nRun 'skein --help' for more information",
    ],
    [
      "service rollbak x",
      "skein: unknown command: skein service rollbak\n\nDid you mean 'skein service rollback'?\n\nUsage:  skein service\n\n",
    ],
    ["service scale web", "invalid scale specifier 'web'."],
    ["swarm join-token boss", "unknown role boss"],
    [
      "swarm init --availability x",
      'invalid availability "x", only active, pause and drain are supported',
    ],
  ])("%s", async (line, start) => {
    expect(await failureOf(line)).toContain(start);
  });
});

describe("completion", () => {
  const offers = async (line: string, host = "unix:///nowhere"): Promise<readonly string[]> => {
    const program = await buildProgram([], () => false);
    const client = createClient({ host });
    const { words } = await complete(program, line.split(" "), { client: () => client });
    return words.map(([word]) => word);
  };

  test("commands, subcommands, flags and words", async () => {
    expect(await offers("")).toEqual(
      expect.arrayContaining(["swarm", "node", "service", "completion"]),
    );
    expect(await offers("")).not.toContain("__complete");
    expect(await offers("node ")).toEqual([
      "demote",
      "inspect",
      "ls",
      "promote",
      "ps",
      "rm",
      "update",
    ]);
    expect(await offers("-H unix:///x service create -")).toEqual(
      expect.arrayContaining(["--replicas", "--publish", "--help"]),
    );
    expect(await offers("node update --availability ")).toEqual(["active", "pause", "drain"]);
    expect(await offers("node update --availability=")).toEqual([
      "--availability=active",
      "--availability=pause",
      "--availability=drain",
    ]);
    expect(await offers("swarm join-token ")).toEqual(["worker", "manager"]);
  });

  test("without a daemon there are no names, and no error", async () => {
    expect(await offers("service rm ")).toEqual([]);
  });

  test("names come from the daemon, and only those that go on as typed are printed", async () => {
    const services = [{ Spec: { Name: "web" } }, { Spec: { Name: "db" } }];
    const { out } = await runCli(["__complete", "--", "service", "scale", "w"], {
      "GET /services": [200, services],
    });
    expect(out).toBe("web=\n:nospace\n");
  });

  test.each(["bash", "zsh", "fish"])("there is a script for %s", async (shell) => {
    const { out } = await runCli(["completion", shell]);
    expect(out).toContain("__complete");
  });
});
