import type { ProbeAnswer, ProbeRequest } from "@skein/agent";
import { OperationError } from "@skein/base";
import type { Reach } from "@skein/model";
import type { Programs } from "./programs.ts";

/** How long a connection or a name may take, in milliseconds. */
const PATIENCE_MS = 1000;

/**
 * The program that tries: it runs in a container's network namespace, where this process cannot go. Its
 * first argument is the request, what it prints is the answer.
 */
const SCRIPT = `
const net = require("node:net");
const { Resolver } = require("node:dns").promises;
const { name, servers, targets, patienceMs } = JSON.parse(process.argv[1]);
const REFUSED = new Set(["ECONNREFUSED", "ECONNRESET"]);
const reach = ({ address, port }) =>
  new Promise((done) => {
    const socket = net.connect({ host: address, port });
    const finish = (how) => { socket.destroy(); done([address, how]); };
    socket.setTimeout(patienceMs, () => finish("silent"));
    socket.on("connect", () => finish("open"));
    socket.on("error", ({ code }) => finish(REFUSED.has(code) ? "refused" : "silent"));
  });
const lookUp = async () => {
  if (name === "") return {};
  const resolver = new Resolver({ timeout: patienceMs, tries: 1 });
  if (servers.length > 0) resolver.setServers(servers);
  try { return { resolved: await resolver.resolve4(name) }; }
  catch (error) { return { unresolved: String(error.code ?? error.message) }; }
};
(async () => {
  const [names, reached] = await Promise.all([lookUp(), Promise.all(targets.map(reach))]);
  process.stdout.write(JSON.stringify({ ...names, reached: Object.fromEntries(reached) }));
  process.exit(0);
})();
`;

const isReach = (value: unknown): value is Reach =>
  value === "open" || value === "refused" || value === "silent";

const toAnswer = (text: string): ProbeAnswer => {
  const value: unknown = JSON.parse(text);
  const { resolved, unresolved, reached } = Object.fromEntries(Object.entries(value ?? {}));
  return {
    ...(Array.isArray(resolved) ? { resolved: resolved.map(String) } : {}),
    ...(typeof unresolved === "string" ? { unresolved } : {}),
    reached: Object.fromEntries(
      Object.entries(reached ?? {}).map(([address, how]) => [
        address,
        isReach(how) ? how : "silent",
      ]),
    ),
  };
};

/** Tries the connections and the name from within the namespace of the programs. */
export const runProbe = async (
  programs: Programs,
  request: ProbeRequest,
  servers: readonly string[],
): Promise<ProbeAnswer> => {
  if (request.name === "" && request.targets.length === 0) return { reached: {} };
  const argument = JSON.stringify({ ...request, servers, patienceMs: PATIENCE_MS });
  const { code, stdout, stderr } = await programs.run(process.execPath, ["-e", SCRIPT, argument]);
  if (code === 0) return toAnswer(stdout);
  throw new OperationError("unavailable", `the attempt to connect failed: ${stderr.trim()}`);
};
