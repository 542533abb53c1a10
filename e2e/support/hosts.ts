import { existsSync, mkdirSync, statSync } from "node:fs";
import type { Docker } from "./docker.ts";
import { dockerOn } from "./docker.ts";
import type { Outcome } from "./run.ts";
import { output, run } from "./run.ts";

/** A host, as `skein playground status --format json` prints it. */
export interface Host {
  readonly name: string;
  readonly hostname: string;
  readonly role: string;
  readonly address: string;
  readonly socket: string;
  readonly engineSocket: string;
  readonly netns: string;
  readonly daemonPid: number | null;
  readonly enginePid: number | null;
  readonly dataDir: string;
}

/** A playground of one test file. */
export interface Playground {
  readonly name: string;
  /** `skein playground VERB ... --name NAME`; must succeed. */
  readonly command: (verb: string, ...args: readonly string[]) => Promise<string>;
  readonly attempt: (verb: string, ...args: readonly string[]) => Promise<Outcome>;
  readonly hosts: () => Promise<readonly Host[]>;
  readonly host: (name: string) => Promise<Host>;
  /** The docker command for a host; the first manager when none is named. */
  readonly docker: (host?: string) => Docker;
  /** The docker command for a host's own engine. */
  readonly engine: (host: string) => Docker;
  /** Makes it; with another build's `playground` command, when one is given. */
  readonly up: (other?: Playground["command"]) => Promise<void>;
  readonly down: () => Promise<void>;
}

/**
 * Who runs the cluster under test: `skein`, or `none` for the engine's own swarm mode, with
 * SKEIN_E2E_DAEMON=none. What holds for both is Docker's behaviour, not a habit of ours.
 */
export const daemon = process.env["SKEIN_E2E_DAEMON"] ?? "skein";

/** The command under test. */
export const SKEIN = process.env["SKEIN_BIN"] ?? "./skein";
const DEMO_TAR = ".cache/demo.tar";

const demoArchive = async (engineSocket: string): Promise<string> => {
  const script = "tools/demo-image.sh";
  const current = existsSync(DEMO_TAR) && statSync(DEMO_TAR).mtimeMs > statSync(script).mtimeMs;
  mkdirSync(".cache", { recursive: true });
  if (!current) await output(script, [engineSocket, DEMO_TAR]);
  return DEMO_TAR;
};

/** A playground that is not up yet; `flags` are those of `skein playground up`. */
export const playground = (name: string, flags: readonly string[] = []): Playground => {
  let known: readonly Host[] = [];
  const attempt = (verb: string, ...args: readonly string[]): Promise<Outcome> =>
    run(SKEIN, ["playground", verb, "--name", name, ...args]);
  const command = (verb: string, ...args: readonly string[]): Promise<string> =>
    output(SKEIN, ["playground", verb, "--name", name, ...args]);
  const hosts = async (): Promise<readonly Host[]> =>
    JSON.parse(await command("status", "--format", "json")) as Host[];
  const find = (host: string): Host => {
    const found = known.find((each) => each.name === host);
    if (found === undefined) throw new Error(`no host ${host} in ${name}`);
    return found;
  };
  return {
    name,
    command,
    attempt,
    hosts,
    host: async (host) => {
      known = await hosts();
      return find(host);
    },
    docker: (host = "manager1") => dockerOn(find(host).socket),
    engine: (host) => dockerOn(find(host).engineSocket),
    up: async (other = command) => {
      await other("up", "--daemon", daemon, ...flags);
      known = await hosts();
      const maker = known.find(({ engineSocket }) => engineSocket.endsWith("docker.sock"));
      if (maker === undefined) throw new Error("the demo image needs a Docker engine");
      await command("load", await demoArchive(maker.engineSocket));
    },
    down: async () => {
      await command("down");
    },
  };
};
