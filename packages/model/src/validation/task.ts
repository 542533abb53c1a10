import { messageOf, rpcError } from "@skein/base";
import type { ContainerSpec, Placement, RestartPolicy, TaskSpec } from "@skein/wire";
import { parseConstraint } from "../constraint.ts";
import type { TaskTemplateContext } from "../templates.ts";
import { expandContainer } from "../templates.ts";
import { validateContainer } from "./container.ts";
import { validateConfigReferences, validateSecretReferences } from "./references.ts";
import { validateResources } from "./resources.ts";

const validateRestartPolicy = ({ Delay = 0, Window = 0 }: RestartPolicy): void => {
  if (Delay < 0) throw rpcError("invalid-parameter", "TaskSpec: restart-delay cannot be negative");
  if (Window < 0)
    throw rpcError("invalid-parameter", "TaskSpec: restart-window cannot be negative");
};

const spreadDescriptor = /^(?:node|engine)\.labels\../i;

/** Descriptors of another form spread over nothing; the reference ignores them silently. */
const validatePlacement = ({ Constraints = [], Preferences = [] }: Placement): void => {
  for (const constraint of Constraints) parseConstraint(constraint);
  for (const { Spread } of Preferences)
    if (!spreadDescriptor.test(Spread.SpreadDescriptor))
      throw rpcError(
        "invalid-parameter",
        `TaskSpec: spread descriptor ${JSON.stringify(Spread.SpreadDescriptor)} is invalid: ` +
          "expected node.labels.<name> or engine.labels.<name>",
      );
};

/**
 * Templates are tried on a task of a service without labels, so that an error comes at once and not
 * from every node: `{{.Service.Labels.team}}` is refused, `{{index .Service.Labels "team"}}` is not.
 */
const trial: TaskTemplateContext = {
  service: { id: "serviceid", name: "servicename", labels: {} },
  node: { id: "nodeid", hostname: "", platform: {} },
  task: { id: "taskid", name: "servicename.1.taskid", slot: "1" },
};

const expandOnTrial = (container: ContainerSpec): ContainerSpec => {
  try {
    return expandContainer(container, trial);
  } catch (error) {
    throw rpcError("invalid-parameter", messageOf(error));
  }
};

/** What a service's tasks are made of. Throws invalid-parameter in the reference's words. */
export const validateTaskSpec = (spec: TaskSpec): void => {
  if (spec.Resources) validateResources(spec.Resources);
  if (spec.RestartPolicy) validateRestartPolicy(spec.RestartPolicy);
  if (spec.Placement) validatePlacement(spec.Placement);
  if (spec.Runtime === "attachment")
    throw rpcError("not-implemented", "RuntimeUnsupported: container runtime expected");
  const container = spec.ContainerSpec;
  if (!container) return;
  validateSecretReferences(container);
  validateConfigReferences(container);
  validateContainer(expandOnTrial(container));
};
