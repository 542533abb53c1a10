import { OperationError } from "@skein/base";
import { decodeServiceSpec } from "@skein/wire";
import { describe, expect, it } from "vitest";
import { convertServiceSpec } from "./convert-service.ts";
import { validateServiceSpec } from "./service.ts";

/** A service of one container; `container`, `task` and `spec` go over the defaults. */
const service = (parts: { container?: object; task?: object; spec?: object }): string =>
  JSON.stringify({
    Name: "web",
    TaskTemplate: { ContainerSpec: { Image: "bb:1", ...parts.container }, ...parts.task },
    ...parts.spec,
  });

const check = (body: string): void => {
  validateServiceSpec(convertServiceSpec(decodeServiceSpec(body)));
};

const failure = (body: string): OperationError => {
  try {
    check(body);
  } catch (error) {
    if (error instanceof OperationError) return error;
    throw error;
  }
  throw new Error(`accepted: ${body}`);
};

describe("conversion", () => {
  it("writes the defaults that Docker stores", () => {
    const asked = decodeServiceSpec(
      service({
        container: {
          Mounts: [{ Source: "/a", Target: "/b", Type: "BIND", BindOptions: {} }],
          Isolation: "Process",
        },
        task: { RestartPolicy: {} },
        spec: {
          UpdateConfig: {},
          EndpointSpec: { Ports: [{ TargetPort: 1, Protocol: "icmp", PublishMode: "HOST" }] },
        },
      }),
    );
    expect(convertServiceSpec(asked)).toEqual({
      Name: "web",
      Labels: {},
      TaskTemplate: {
        ContainerSpec: {
          Image: "bb:1",
          Mounts: [
            { Type: "bind", Source: "/a", Target: "/b", BindOptions: { Propagation: "rprivate" } },
          ],
          Isolation: "process",
        },
        RestartPolicy: { Condition: "any", MaxAttempts: 0 },
        ForceUpdate: 0,
        Runtime: "container",
      },
      Mode: { Replicated: { Replicas: 1 } },
      UpdateConfig: {
        Parallelism: 0,
        FailureAction: "pause",
        MaxFailureRatio: 0,
        Order: "stop-first",
      },
      EndpointSpec: {
        Mode: "vip",
        Ports: [{ Protocol: "tcp", TargetPort: 1, PublishMode: "host" }],
      },
    });
  });

  it("completes a replicated job", () => {
    const asked = decodeServiceSpec(service({ spec: { Mode: { ReplicatedJob: {} } } }));
    expect(convertServiceSpec(asked).Mode).toEqual({
      ReplicatedJob: { MaxConcurrent: 1, TotalCompletions: 1 },
    });
  });

  it.each([
    ["mismatched Runtime and *Spec fields", JSON.stringify({ Name: "m4" })],
    ["unsupported runtime", service({ task: { Runtime: "wasm" } })],
    ["unsupported runtime", service({ task: { Runtime: "toString" } })],
    [
      "must specify only one service mode",
      service({ spec: { Mode: { Replicated: { Replicas: 2 }, Global: {} } } }),
    ],
    [
      'invalid RestartCondition: "sometimes"',
      service({ task: { RestartPolicy: { Condition: "sometimes" } } }),
    ],
    [
      "unrecognized update failure action explode",
      service({ spec: { UpdateConfig: { FailureAction: "explode" } } }),
    ],
    [
      "unrecognized update order sideways",
      service({ spec: { UpdateConfig: { Order: "sideways" } } }),
    ],
    [
      "unrecognized update order middle",
      service({ spec: { RollbackConfig: { Order: "middle" } } }),
    ],
    ['invalid resolution mode: "lb"', service({ spec: { EndpointSpec: { Mode: "lb" } } })],
    ['invalid MountType: "magic"', service({ container: { Mounts: [{ Type: "magic" }] } })],
    [
      'invalid MountPropagation: "sideways"',
      service({ container: { Mounts: [{ BindOptions: { Propagation: "sideways" } }] } }),
    ],
    [
      "invalid Config: either File or Runtime should be set",
      service({ container: { Configs: [{ ConfigID: "i", ConfigName: "n" }] } }),
    ],
  ])("refuses without gRPC prefix: %s", (message, body) => {
    expect(failure(body)).toMatchObject({ message, kind: "invalid-parameter", rpc: false });
  });
});

const file = (name: string): object => ({ File: { Name: name, UID: "0", GID: "0", Mode: 292 } });
const secret = (parts: object): object => ({ SecretID: "i", SecretName: "sx", ...parts });
const env = (text: string): string => service({ container: { Env: [text] } });

describe("validation", () => {
  it.each([
    ["name must be valid as a DNS name component", service({ spec: { Name: "bad name" } })],
    ["name must be valid as a DNS name component", service({ spec: { Name: "trailing-" } })],
    ["name must be valid as a DNS name component", service({ spec: { Name: "dotted.name" } })],
    ["name must be valid as a DNS name component", service({ spec: { Name: "ünï" } })],
    ["name must be 63 characters or fewer", service({ spec: { Name: "a".repeat(64) } })],
    ["ContainerSpec: image reference must be provided", service({ container: { Image: "" } })],
    [
      'ContainerSpec: "UPPER/Case:1" is not a valid repository/tag',
      service({ container: { Image: "UPPER/Case:1" } }),
    ],
    [
      "ContainerSpec: duplicate mount point: /a",
      service({ container: { Mounts: [{ Target: "/a" }, { Target: "/a", Type: "tmpfs" }] } }),
    ],
    [
      "ContainerSpec: Interval in HealthConfig cannot be less than 1ms",
      service({ container: { Healthcheck: { Interval: 100_000 } } }),
    ],
    [
      "ContainerSpec: Retries in HealthConfig cannot be negative",
      service({ container: { Healthcheck: { Retries: -1 } } }),
    ],
    [
      "invalid cpu value 0.0001: Must be at least 0.001",
      service({ task: { Resources: { Limits: { NanoCPUs: 100_000 } } } }),
    ],
    [
      "invalid cpu value -1: Must be at least 0.001",
      service({ task: { Resources: { Limits: { NanoCPUs: -1e9 } } } }),
    ],
    [
      "invalid cpu value 1e-09: Must be at least 0.001",
      service({ task: { Resources: { Reservations: { NanoCPUs: 1 } } } }),
    ],
    [
      "invalid memory value 2097152: Must be at least 4MiB",
      service({ task: { Resources: { Reservations: { MemoryBytes: 2_097_152 } } } }),
    ],
    [
      "TaskSpec: restart-delay cannot be negative",
      service({ task: { RestartPolicy: { Delay: -1 } } }),
    ],
    [
      "TaskSpec: restart-window cannot be negative",
      service({ task: { RestartPolicy: { Window: -1 } } }),
    ],
    [
      "TaskSpec: update-delay cannot be negative",
      service({ spec: { UpdateConfig: { Delay: -1 } } }),
    ],
    [
      "TaskSpec: update-monitor cannot be negative",
      service({ spec: { UpdateConfig: { Monitor: -1 } } }),
    ],
    [
      "TaskSpec: update-maxfailureratio cannot be less than 0 or bigger than 1",
      service({ spec: { UpdateConfig: { MaxFailureRatio: 1.5 } } }),
    ],
    [
      "TaskSpec: rollback-delay cannot be negative",
      service({ spec: { RollbackConfig: { Delay: -1 } } }),
    ],
    [
      "constraint expected one operator from ==, !=",
      service({ task: { Placement: { Constraints: ["node.role"] } } }),
    ],
    [
      "EndpointSpec: port published with ingress mode can't be used with dnsrr mode",
      service({ spec: { EndpointSpec: { Mode: "dnsrr", Ports: [{ TargetPort: 80 }] } } }),
    ],
    [
      "EndpointSpec: duplicate published ports provided",
      service({
        spec: {
          EndpointSpec: {
            Ports: [
              { TargetPort: 80, PublishedPort: 8081 },
              { TargetPort: 81, PublishedPort: 8081, PublishMode: "host" },
            ],
          },
        },
      }),
    ],
    [
      "Jobs may not have an update config",
      service({ spec: { Mode: { GlobalJob: {} }, UpdateConfig: {} } }),
    ],
    [
      "Number of replicas must be non-negative",
      service({}).replace("{", '{"Mode":{"Replicated":{"Replicas":18446744073709551615}},'),
    ],
    [
      "malformed secret reference",
      service({ container: { Secrets: [secret({ SecretID: "", ...file("t") })] } }),
    ],
    [
      "malformed secret reference, no target provided",
      service({ container: { Secrets: [secret({})] } }),
    ],
    [
      "malformed file secret reference, invalid target file name provided",
      service({ container: { Secrets: [secret(file(""))] } }),
    ],
    [
      "secret references 'sx' and 'sx' have a conflicting target: 't'",
      service({ container: { Secrets: [secret(file("t")), secret(file("t"))] } }),
    ],
    [
      "malformed config reference",
      service({ container: { Configs: [{ ConfigID: "i", ConfigName: "", ...file("x") }] } }),
    ],
    [
      'expanding env failed: expanding env "X={{.Foo.Bar}}": template: expansion:1:6: executing "expansion" at <.Foo.Bar>: can\'t evaluate field Foo in type *template.Context',
      env("X={{.Foo.Bar}}"),
    ],
    [
      'expanding env failed: expanding env "X={{.Service.Labels.team}}": template: expansion:1:10: executing "expansion" at <.Service.Labels.team>: map has no entry for key "team"',
      env("X={{.Service.Labels.team}}"),
    ],
    [
      'expanding env failed: expanding env "X={{nofunc 1}}": template: expansion:1: function "nofunc" not defined',
      env("X={{nofunc 1}}"),
    ],
    [
      'expanding mounts failed: expanding mount source "{{.Nope}}": template: expansion:1:2: executing "expansion" at <.Nope>: can\'t evaluate field Nope in type *template.Context',
      service({ container: { Mounts: [{ Source: "{{.Nope}}", Target: "/x" }] } }),
    ],
    [
      "expanding hostname failed: template: expansion:1: unclosed action",
      service({ container: { Hostname: "{{.Node" } }),
    ],
  ])("refuses as the reference does: %s", (message, body) => {
    expect(failure(body)).toMatchObject({ message, kind: "invalid-parameter", rpc: true });
  });

  it.each([
    ["a name with an underscore", service({ spec: { Name: "under_score" } })],
    ["a name that begins with a digit", service({ spec: { Name: "9digit" } })],
    [
      "a constraint on an unknown key",
      service({ task: { Placement: { Constraints: ["a.b==1"] } } }),
    ],
    [
      "a limit below the reservation",
      service({
        task: {
          Resources: { Limits: { MemoryBytes: 4 << 20 }, Reservations: { MemoryBytes: 8 << 20 } },
        },
      }),
    ],
    [
      "a bind of a relative path",
      service({ container: { Mounts: [{ Source: "rel", Target: "a" }] } }),
    ],
    ["a template in an environment entry without value", env("{{.Nope}}")],
    ["a label that the service may not have", env('X={{index .Service.Labels "team"}}')],
    [
      "a rollback that cannot fail",
      service({
        spec: { RollbackConfig: { Monitor: -1, MaxFailureRatio: 7, FailureAction: "rollback" } },
      }),
    ],
    [
      "the same port by two protocols",
      service({
        spec: {
          EndpointSpec: {
            Ports: [
              { PublishedPort: 53, TargetPort: 53 },
              { PublishedPort: 53, TargetPort: 53, Protocol: "udp" },
            ],
          },
        },
      }),
    ],
    [
      "a config for the runtime",
      service({
        container: { Configs: [{ ConfigID: "i", ConfigName: "n", Runtime: {} }] },
      }),
    ],
  ])("accepts %s", (_what, body) => {
    expect(() => check(body)).not.toThrow();
  });
});
