import type { RestartPolicy, UpdateConfig } from "@skein/wire";
import type { Flags } from "../../command/flag.ts";
import type { SharedFlags } from "./flags.ts";
import type { UpdateConfigFlags } from "./update-config-flags.ts";

const SECOND = 1e9;

/** What an update or rollback configuration is before flags change it. */
const DEFAULT_UPDATE: UpdateConfig = {
  Parallelism: 1,
  Monitor: 5 * SECOND,
  FailureAction: "pause",
  MaxFailureRatio: 0,
  Order: "stop-first",
};

/** What a restart policy is before flags change it. */
const DEFAULT_RESTART: RestartPolicy = {
  Condition: "any",
  Delay: 5 * SECOND,
  MaxAttempts: 0,
};

// Words go to the daemon as they are: it knows which there are, and says so.
type FailureAction = NonNullable<UpdateConfig["FailureAction"]>;
type Condition = NonNullable<RestartPolicy["Condition"]>;

/**
 * An update or rollback configuration with the flags that were given; undefined when there was
 * none before and no flag asks for one.
 */
export const mergeUpdateConfig = (
  present: UpdateConfig | undefined,
  flags: Flags,
  known: UpdateConfigFlags,
): UpdateConfig | undefined => {
  if (!flags.changed(...Object.values(known))) return present;
  const base = present ?? DEFAULT_UPDATE;
  const action = flags.get(known.failureAction) as FailureAction | undefined;
  const delay = flags.get(known.delay) ?? base.Delay;
  const monitor = flags.get(known.monitor) ?? base.Monitor;
  return {
    ...base,
    Parallelism: flags.get(known.parallelism) ?? base.Parallelism,
    ...(delay === undefined ? {} : { Delay: delay }),
    ...(monitor === undefined ? {} : { Monitor: monitor }),
    ...(action === undefined ? {} : { FailureAction: action }),
    MaxFailureRatio: flags.get(known.maxFailureRatio) ?? base.MaxFailureRatio,
    Order: (flags.get(known.order) as UpdateConfig["Order"] | undefined) ?? base.Order,
  };
};

/** A restart policy with the flags that were given, as {@link mergeUpdateConfig}. */
export const mergeRestartPolicy = (
  present: RestartPolicy | undefined,
  flags: Flags,
  known: SharedFlags["restart"],
): RestartPolicy | undefined => {
  if (!flags.changed(...Object.values(known))) return present;
  const base = present ?? DEFAULT_RESTART;
  const condition = flags.get(known.condition) as Condition | undefined;
  const delay = flags.get(known.delay);
  const attempts = flags.get(known.maxAttempts);
  const window = flags.get(known.window);
  return {
    ...base,
    ...(condition === undefined ? {} : { Condition: condition }),
    ...(delay === undefined ? {} : { Delay: delay }),
    ...(attempts === undefined ? {} : { MaxAttempts: attempts }),
    ...(window === undefined ? {} : { Window: window }),
  };
};
