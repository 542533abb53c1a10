import { modify } from "@skein/sdk";
import type { Service, ServiceMode, ServiceSpec } from "@skein/wire";
import { CommandError, UsageError } from "../../command/errors.ts";
import type { Context, Run } from "../../command/spec.ts";
import { cut } from "../../flags/csv.ts";
import { detachFlag } from "../../flags/common.ts";
import { parseUnsigned } from "../../flags/numbers.ts";
import { describeError } from "../../output/report.ts";
import { RETRIES, printWarnings, waitForService } from "./wait.ts";

const scaledMode = ({ Replicated, ReplicatedJob }: ServiceMode, count: number): ServiceMode => {
  if (Replicated) return { Replicated: { ...Replicated, Replicas: count } };
  if (ReplicatedJob) return { ReplicatedJob: { ...ReplicatedJob, TotalCompletions: count } };
  throw new CommandError("scale can only be used with replicated or replicated-job mode");
};

const scaled = ({ Spec }: Service, count: number): ServiceSpec => ({
  ...Spec,
  Mode: scaledMode(Spec.Mode, count),
});

const scaleOne = async (context: Context, ref: string, text: string): Promise<void> => {
  const { services } = context.client();
  let count: number;
  try {
    count = parseUnsigned(text, { base: 10 });
  } catch (error) {
    throw new CommandError(`invalid replicas value ${text}: ${describeError(error)}`);
  }
  const answer = await modify(
    () => services.inspect(ref),
    (service) => services.update(service.ID, service.Version.Index ?? 0, scaled(service, count)),
    { clock: context.clock, ...RETRIES },
  );
  printWarnings(context, answer.Warnings);
  context.out(`${ref} scaled to ${count}\n`);
};

const checkArgument = (arg: string): void => {
  const [ref, count] = cut(arg);
  if (ref === "" || count === undefined || count === "")
    throw new UsageError(
      `invalid scale specifier '${arg}'.\nSee 'skein service scale --help'.\n\nUsage:  skein service scale SERVICE=REPLICAS [SERVICE=REPLICAS...]\n\nScale one or multiple replicated services`,
      1,
    );
};

/** `skein service scale`: scales all services first, then waits for each. */
export const run: Run = async (context, flags, args) => {
  args.forEach(checkArgument);
  const failures: string[] = [];
  const done: string[] = [];
  const attempt = async (ref: string, action: () => Promise<void>): Promise<boolean> => {
    try {
      await action();
      return true;
    } catch (error) {
      failures.push(`${ref}: ${describeError(error)}`);
      return false;
    }
  };
  for (const arg of args) {
    const [ref, count = ""] = cut(arg);
    // Output and errors keep the arguments' order.
    if (await attempt(ref, () => scaleOne(context, ref, count))) done.push(ref);
  }
  for (const ref of flags.on(detachFlag) ? [] : done)
    // One progress display at a time.
    await attempt(ref, () => waitForService(context, ref, false));
  if (failures.length > 0) throw new CommandError(failures.join("\n"));
};
