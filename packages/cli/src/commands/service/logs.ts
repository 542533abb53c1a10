import { demultiplex, isNotFound } from "@skein/sdk";
import type { Client, LogsOptions } from "@skein/sdk";
import { CommandError } from "../../command/errors.ts";
import type { Flags } from "../../command/flag.ts";
import type { Context, Run } from "../../command/spec.ts";
import { createNames } from "../../output/names.ts";
import type { Names } from "../../output/names.ts";
import { shortId } from "../../output/units.ts";
import { logsFlags as known } from "../list-flags.ts";
import { sinceParameter } from "./since.ts";

const NODE = "com.docker.swarm.node.id";
const SERVICE = "com.docker.swarm.service.id";
const TASK = "com.docker.swarm.task.id";

/** What the logs are of. */
interface Source {
  readonly kind: "services" | "tasks";
  readonly tty: boolean;
  /** Digits of the largest slot, for lining up. */
  readonly slotWidth: number;
}

const findSource = async (client: Client, ref: string): Promise<Source> => {
  try {
    const { TaskTemplate, Mode } = (await client.services.inspect(ref)).Spec;
    const replicas = Mode.Replicated?.Replicas;
    return {
      kind: "services",
      tty: TaskTemplate.ContainerSpec?.TTY ?? false,
      slotWidth: replicas === undefined ? 1 : String(replicas).length,
    };
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  try {
    const { Spec, Slot = 0 } = await client.tasks.inspect(ref);
    const tty = Spec.ContainerSpec?.TTY ?? false;
    return { kind: "tasks", tty, slotWidth: String(Slot).length };
  } catch (error) {
    if (isNotFound(error)) throw new CommandError(`no such task or service: ${ref}`);
    throw error;
  }
};

/** `a=1,b=2`, with keys and values escaped as in a URL. */
const parseDetails = (text: string): Map<string, string> =>
  new Map(
    text.split(",").flatMap((pair) => {
      const [key = "", value = ""] = pair.split("=");
      return key === "" ? [] : [[decode(key), decode(value)] as const];
    }),
  );

const decode = (text: string): string => decodeURIComponent(text.replaceAll("+", " "));

const take = (details: Map<string, string>, key: string, name: string): string => {
  const value = details.get(key);
  if (value === undefined) throw new CommandError(`missing ${name} id in details`);
  details.delete(key);
  return value;
};

/** Makes the text before each line, e.g. `web.1.x0j8c4m2k9ab@node-01`. */
const createPrefixes = (client: Client, names: Names, flags: Flags, width: number) => {
  const prefixes = new Map<string, Promise<string>>();
  const make = async (node: string, service: string, task: string): Promise<string> => {
    const [nodeName, serviceName, { Slot = 0 }] = await Promise.all([
      names.node(node),
      names.service(service),
      client.tasks.inspect(task),
    ]);
    const id = flags.on(known.noTrunc) ? task : shortId(task);
    const suffix = flags.on(known.noTaskIds) ? "" : `.${id}`;
    const padding = " ".repeat(Math.max(0, width - String(Slot).length));
    return `${serviceName}.${Slot}${suffix}@${nodeName}${padding}`;
  };
  return (details: Map<string, string>): Promise<string> => {
    const node = take(details, NODE, "node");
    const service = take(details, SERVICE, "service");
    const task = take(details, TASK, "task");
    const key = `${node} ${service} ${task}`;
    const made = prefixes.get(key) ?? make(node, service, task);
    prefixes.set(key, made);
    return made;
  };
};

type Prefix = ReturnType<typeof createPrefixes>;

/** `[timestamp ]details message` as the daemon sends it, to what the user sees. */
const formatLine = async (line: string, flags: Flags, prefix: Prefix): Promise<string> => {
  const timestamps = flags.on(known.timestamps);
  const parts = timestamps ? /^(\S* )(\S*) ([^]*)$/.exec(line) : /^()(\S*) ([^]*)$/.exec(line);
  if (!parts) throw new CommandError(`invalid context in log message: ${line}`);
  const [, time = "", detailsText = "", message = ""] = parts;
  const details = parseDetails(detailsText);
  const start = await prefix(details);
  const extra = flags.on(known.details)
    ? `${[...details]
        .map(([key, value]) => `${key}=${value}`)
        .toSorted()
        .join(",")} `
    : "";
  return `${time}${start}    | ${extra}${message}`;
};

const toOptions = (flags: Flags, now: number): LogsOptions => {
  const since = flags.get(known.since);
  return {
    follow: flags.on(known.follow),
    timestamps: flags.on(known.timestamps),
    details: flags.on(known.details) || !flags.on(known.raw),
    tail: flags.get(known.tail) ?? "all",
    ...(since === undefined ? {} : { since: sinceParameter(since, now) }),
  };
};

const copyRaw = async (context: Context, body: AsyncIterable<Uint8Array>): Promise<void> => {
  const decoder = new TextDecoder();
  for await (const chunk of body) context.out(decoder.decode(chunk, { stream: true }));
};

/** `skein service logs`. */
export const run: Run = async (context, flags, [ref = ""]) => {
  const client = context.client();
  const { kind, tty, slotWidth } = await findSource(client, ref);
  const raw = flags.on(known.raw);
  if (tty && !raw) throw new CommandError("tty service logs only supported with --raw");
  const { body } = await client[kind].logs(ref, toOptions(flags, context.clock.now()));
  if (tty) return copyRaw(context, body);
  const names = createNames(client, !flags.on(known.noResolve));
  const prefix = createPrefixes(client, names, flags, slotWidth);
  for await (const { stream, data } of demultiplex(body)) {
    const line = data.toString("utf8");
    const text = raw ? line : await formatLine(line, flags, prefix);
    if (stream === "stderr") context.error(text);
    else context.out(text);
  }
};
