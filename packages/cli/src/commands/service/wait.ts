import type { Client } from "@skein/sdk";
import type { Context } from "../../command/spec.ts";
import { Convergence } from "../../progress/convergence.ts";
import type { Step } from "../../progress/convergence.ts";
import { plainDisplay, terminalDisplay } from "../../progress/display.ts";
import type { Display } from "../../progress/display.ts";

/** How often the cluster is looked at. */
const POLL_MS = 200;

/** How often a change of a service starts over when somebody else was faster. */
export const RETRIES: { readonly attempts: number; readonly delayMs: number } = {
  attempts: 5,
  delayMs: 50,
};

/** Writes the daemon's warnings to stderr. */
export const printWarnings = (
  context: Context,
  warnings: readonly string[] | null | undefined,
): void => {
  for (const warning of warnings ?? []) context.error(`${warning}\n`);
};

/** The display that suits stdout. */
export const displayFor = (context: Context): Display => {
  const { columns } = context;
  return columns === undefined ? plainDisplay() : terminalDisplay(() => columns);
};

const look = async (client: Client, service: string) => {
  const filters = { service: [service], "_up-to-date": ["true"] };
  const [tasks, nodes] = await Promise.all([client.tasks.list(filters), client.nodes.list()]);
  const active = nodes.filter(({ Status }) => Status.State !== "down").map(({ ID }) => ID);
  return { tasks, activeNodes: new Set(active) };
};

/**
 * Shows a service's progress until it has converged. An interrupt leaves it to go on by itself.
 * Throws CommandError when its update is paused, and what the client throws.
 */
export const waitForService = async (
  context: Context,
  ref: string,
  quiet: boolean,
): Promise<void> => {
  const client = context.client();
  const display = displayFor(context);
  const convergence = new Convergence(ref);
  const show = ({ messages }: Step): void => {
    if (!quiet) context.out(messages.map(display).join(""));
  };
  const interrupt = context.interrupted().then(() => "interrupted" as const);
  for (;;) {
    // A poll needs the one before.
    const service = await client.services.inspect(ref);
    const first = convergence.begin(service, context.clock.monotonic());
    show(first);
    if (first.finished) return;
    const seen = await look(client, service.ID);
    const second = convergence.observe(service, seen, context.clock.monotonic());
    show(second);
    if (second.finished) return;
    if ((await Promise.race([context.clock.sleep(POLL_MS), interrupt])) === "interrupted") break;
  }
  if (convergence.converged || quiet) return;
  const notes = [
    "Operation continuing in background.",
    `Use \`skein service ps ${ref}\` to check progress.`,
  ];
  context.out(notes.map((text) => display({ id: "", text, final: true })).join(""));
};
