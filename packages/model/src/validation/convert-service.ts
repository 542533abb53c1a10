import { OperationError } from "@skein/base";
import type {
  EndpointSpec,
  PortConfig,
  RestartPolicy,
  ServiceMode,
  ServiceSpec,
  TaskSpec,
  UpdateConfig,
} from "@skein/wire";
import { convertContainer } from "./convert-container.ts";
import { wordOf } from "./words.ts";

const refuse = (message: string): never => {
  throw new OperationError("invalid-parameter", message);
};

const checkRuntime = (spec: TaskSpec): void => {
  const content = {
    container: spec.ContainerSpec,
    plugin: spec.PluginSpec,
    attachment: spec.NetworkAttachmentSpec,
  };
  const runtime = spec.Runtime ?? "container";
  if (!Object.hasOwn(content, runtime)) refuse("unsupported runtime");
  if (content[runtime] === undefined) refuse("mismatched Runtime and *Spec fields");
};

const convertRestartPolicy = (policy: RestartPolicy): RestartPolicy => {
  const condition = wordOf(policy.Condition, ["none", "on-failure", "any"], "any");
  if (!condition) return refuse(`invalid RestartCondition: ${JSON.stringify(policy.Condition)}`);
  return { ...policy, Condition: condition, MaxAttempts: policy.MaxAttempts ?? 0 };
};

const convertTask = (spec: TaskSpec): TaskSpec => {
  checkRuntime(spec);
  const { ContainerSpec, RestartPolicy } = spec;
  return {
    ...spec,
    ...(ContainerSpec ? { ContainerSpec: convertContainer(ContainerSpec) } : {}),
    ...(RestartPolicy ? { RestartPolicy: convertRestartPolicy(RestartPolicy) } : {}),
    Runtime: spec.Runtime ?? "container",
  };
};

const failureActions = ["pause", "continue", "rollback"] as const;
const orders = ["stop-first", "start-first"] as const;

const convertUpdate = (update: UpdateConfig): UpdateConfig => {
  const { FailureAction = "pause", Order } = update;
  if (!failureActions.includes(FailureAction))
    refuse(`unrecognized update failure action ${FailureAction}`);
  if (Order !== "" && !orders.includes(Order)) refuse(`unrecognized update order ${Order}`);
  return { ...update, FailureAction, Order: Order === "" ? "stop-first" : Order };
};

/** Unknown protocols and publish modes count as the usual ones, as in the reference. */
const convertPort = (port: PortConfig): PortConfig => ({
  ...port,
  Protocol: wordOf(port.Protocol, ["tcp", "udp", "sctp"], "tcp") ?? "tcp",
  PublishMode: wordOf(port.PublishMode, ["ingress", "host"], "ingress") ?? "ingress",
});

const convertEndpoint = (spec: EndpointSpec): EndpointSpec => {
  const mode = wordOf(spec.Mode, ["vip", "dnsrr"], "vip");
  if (!mode) return refuse(`invalid resolution mode: ${JSON.stringify(spec.Mode)}`);
  return { Mode: mode, ...(spec.Ports ? { Ports: spec.Ports.map(convertPort) } : {}) };
};

const convertMode = (mode: ServiceMode): ServiceMode => {
  if (Object.keys(mode).length > 1) refuse("must specify only one service mode");
  if (mode.Global || mode.GlobalJob) return mode;
  if (!mode.ReplicatedJob) return { Replicated: { Replicas: mode.Replicated?.Replicas ?? 1 } };
  const { MaxConcurrent = 1, TotalCompletions = MaxConcurrent } = mode.ReplicatedJob;
  return { ReplicatedJob: { MaxConcurrent, TotalCompletions } };
};

/**
 * A decoded service spec as it is stored and shown: words in their usual spelling and the defaults
 * that Docker writes into the spec (mode, runtime, isolation, restart condition, protocols).
 * Throws invalid-parameter, in the reference's words without gRPC prefix (api.md, 2.3, layer 2).
 */
export const convertServiceSpec = (spec: ServiceSpec): ServiceSpec => {
  const task = convertTask(spec.TaskTemplate);
  const { UpdateConfig, RollbackConfig, EndpointSpec } = spec;
  return {
    ...spec,
    TaskTemplate: task,
    ...(UpdateConfig ? { UpdateConfig: convertUpdate(UpdateConfig) } : {}),
    ...(RollbackConfig ? { RollbackConfig: convertUpdate(RollbackConfig) } : {}),
    ...(EndpointSpec ? { EndpointSpec: convertEndpoint(EndpointSpec) } : {}),
    Mode: convertMode(spec.Mode),
  };
};
