import { rpcError } from "@skein/base";
import type { EndpointSpec, ServiceMode, ServiceSpec, UpdateConfig } from "@skein/wire";
import { validateDnsName } from "./names.ts";
import { validateTaskSpec } from "./task.ts";

const INT64_LIMIT = 2 ** 63;

const validateCount = (count: number | undefined, what: string): void => {
  if ((count ?? 0) >= INT64_LIMIT)
    throw rpcError("invalid-parameter", `${what} must be non-negative`);
};

const validateMode = ({ Replicated, ReplicatedJob }: ServiceMode): void => {
  validateCount(Replicated?.Replicas, "Number of replicas");
  validateCount(ReplicatedJob?.MaxConcurrent, "Maximum concurrent jobs");
  validateCount(ReplicatedJob?.TotalCompletions, "Total completed jobs");
};

const validateUpdate = (update: UpdateConfig): void => {
  const { Delay = 0, Monitor = 0, MaxFailureRatio } = update;
  if (Delay < 0) throw rpcError("invalid-parameter", "TaskSpec: update-delay cannot be negative");
  if (Monitor < 0)
    throw rpcError("invalid-parameter", "TaskSpec: update-monitor cannot be negative");
  if (MaxFailureRatio < 0 || MaxFailureRatio > 1)
    throw rpcError(
      "invalid-parameter",
      "TaskSpec: update-maxfailureratio cannot be less than 0 or bigger than 1",
    );
};

/**
 * The reference checks nothing here. A negative monitor and a ratio above 1 have a meaning (not
 * watched, never failing) and people's specs hold them; a negative delay has none.
 */
const validateRollback = ({ Delay = 0 }: UpdateConfig): void => {
  if (Delay < 0) throw rpcError("invalid-parameter", "TaskSpec: rollback-delay cannot be negative");
};

const validateEndpoint = ({ Mode, Ports = [] }: EndpointSpec): void => {
  const published = new Set<string>();
  for (const port of Ports) {
    if (Mode === "dnsrr" && port.PublishMode !== "host")
      throw rpcError(
        "invalid-parameter",
        "EndpointSpec: port published with ingress mode can't be used with dnsrr mode",
      );
    if (port.PublishedPort === undefined) continue;
    const key = `${port.PublishedPort}/${port.Protocol ?? "tcp"}`;
    if (published.has(key))
      throw rpcError("invalid-parameter", "EndpointSpec: duplicate published ports provided");
    published.add(key);
  }
};

/**
 * All rules on a service that need nothing but its spec, which {@link convertServiceSpec} has made.
 * Names, networks, ports and references that depend on other objects are checked by the manager.
 * Throws invalid-parameter in the reference's words (api.md, 2.3, layer 3).
 */
export const validateServiceSpec = (spec: ServiceSpec): void => {
  validateDnsName(spec.Name ?? "");
  validateMode(spec.Mode);
  if ((spec.Mode.ReplicatedJob || spec.Mode.GlobalJob) && spec.UpdateConfig)
    throw rpcError("invalid-parameter", "Jobs may not have an update config");
  validateTaskSpec(spec.TaskTemplate);
  if (spec.UpdateConfig) validateUpdate(spec.UpdateConfig);
  if (spec.RollbackConfig) validateRollback(spec.RollbackConfig);
  if (spec.EndpointSpec) validateEndpoint(spec.EndpointSpec);
};
