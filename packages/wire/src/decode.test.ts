import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeConfigSpec,
  decodeNodeSpec,
  decodeSecretSpec,
  decodeServiceSpec,
  decodeSwarmInitRequest,
  decodeSwarmSpec,
} from "./decode.ts";

describe("canonical values", () => {
  it("hold what Go's marshaller would write: zero values only where the API shows them", () => {
    const body = JSON.stringify({
      Name: "",
      TaskTemplate: {
        ContainerSpec: {
          Image: "bb:1",
          Labels: {},
          Env: [],
          Init: false,
          TTY: false,
          Mounts: [{ Type: "volume", Source: "", ReadOnly: false, VolumeOptions: {} }],
          Privileges: {},
          DNSConfig: { Nameservers: null },
          Nope: true,
        },
        Resources: { Limits: { NanoCPUs: 0 }, Reservations: null },
        RestartPolicy: { Condition: "", MaxAttempts: 0 },
        Placement: { Preferences: [{}, { Spread: { SpreadDescriptor: "node.labels.a" } }] },
      },
      Mode: { Replicated: { Replicas: 0 } },
      UpdateConfig: { Delay: 0 },
      EndpointSpec: { Ports: [{ TargetPort: 80, PublishedPort: 0 }] },
    });
    expect(decodeServiceSpec(body)).toEqual({
      Labels: {},
      TaskTemplate: {
        ContainerSpec: {
          Image: "bb:1",
          Init: false,
          Mounts: [{ Type: "volume", VolumeOptions: {} }],
          Privileges: { CredentialSpec: null, SELinuxContext: null, NoNewPrivileges: false },
          DNSConfig: {},
        },
        Resources: { Limits: {} },
        RestartPolicy: { MaxAttempts: 0 },
        Placement: { Preferences: [{ Spread: { SpreadDescriptor: "node.labels.a" } }] },
        ForceUpdate: 0,
      },
      Mode: { Replicated: { Replicas: 0 } },
      UpdateConfig: { Parallelism: 0, MaxFailureRatio: 0, Order: "" },
      EndpointSpec: { Ports: [{ TargetPort: 80 }] },
    });
  });

  it("do not depend on the case of names, and merge what is repeated", () => {
    const one = decodeServiceSpec('{"NAME":"a","labels":{"x":"1"},"Labels":{"y":"2"}}');
    expect(one).toEqual(decodeServiceSpec('{"Labels":{"y":"2","x":"1"},"Name":"a"}'));
  });

  it("decode to themselves, whatever was asked", () => {
    const some = <T>(...values: T[]) => fc.constantFrom(null, ...values);
    const part = (fields: Record<string, fc.Arbitrary<unknown>>) =>
      fc.option(fc.record(fields, { requiredKeys: [] }));
    const map = some({}, { a: "" }, { b: null });
    const container = part({
      Image: some("", "bb:1"),
      Env: some([], ["A=b"], [null]),
      Init: some(false, true),
      TTY: some(false, true),
      Labels: map,
      Mounts: some([], [{}], [null], [{ ReadOnly: false, BindOptions: {}, TmpfsOptions: null }]),
      Privileges: some({}, { SELinuxContext: {} }, { Seccomp: { Profile: "" } }),
      StopGracePeriod: some(0, 5),
      Secrets: some([], [null], [{ SecretID: "", File: {} }]),
    });
    const task = part({
      ContainerSpec: container,
      Placement: part({ Preferences: some([{}], [{ Spread: {} }], []), MaxReplicas: some(0, 1) }),
      RestartPolicy: part({ Condition: some("", "any"), Delay: some(0, 1) }),
      ForceUpdate: some(0, 2),
    });
    const asked = fc.record(
      {
        Name: some("", "web"),
        Labels: map,
        TaskTemplate: task,
        Mode: part({ Replicated: some({}, { Replicas: 0 }), Global: some({}) }),
        UpdateConfig: part({ Parallelism: some(0, 1), Order: some("", "x"), Delay: some(0, 1) }),
        EndpointSpec: part({ Mode: some("", "vip"), Ports: some([], [{}], [{ TargetPort: 0 }]) }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(asked, (spec) => {
        const canonical = decodeServiceSpec(JSON.stringify(spec));
        expect(decodeServiceSpec(JSON.stringify(canonical))).toEqual(canonical);
      }),
    );
  });

  it("of the cluster's spec and init request have every section", () => {
    const spec = decodeSwarmSpec("{}");
    expect(spec).toEqual({
      Labels: {},
      Orchestration: {},
      Raft: { ElectionTick: 0, HeartbeatTick: 0 },
      Dispatcher: {},
      CAConfig: {},
      TaskDefaults: {},
      EncryptionConfig: { AutoLockManagers: false },
    });
    const init = decodeSwarmInitRequest('{"ListenAddr":"0.0.0.0"}');
    expect(init).toMatchObject({ ListenAddr: "0.0.0.0", Spec: spec, DefaultAddrPool: [] });
  });

  it("keep base64 in one spelling", () => {
    expect(decodeSecretSpec('{"Data":"YX\\nBp"}').Data).toBe("YXBp");
    expect(decodeConfigSpec('{"Data":"YR=="}').Data).toBe("YQ==");
  });
});

describe("mismatches, in Go's words", () => {
  const inService = (spec: unknown) => () => decodeServiceSpec(JSON.stringify(spec));

  it.each([
    [
      { Mode: { Replicated: { Replicas: "two" } } },
      "json: cannot unmarshal string into Go struct field ReplicatedService.Mode.Replicated.Replicas of type uint64",
    ],
    [
      { TaskTemplate: { ContainerSpec: { StopGracePeriod: "10s" } } },
      "json: cannot unmarshal string into Go struct field ContainerSpec.TaskTemplate.ContainerSpec.StopGracePeriod of type time.Duration",
    ],
    [
      { Mode: { Replicated: { Replicas: -1 } } },
      "json: cannot unmarshal number -1 into Go struct field ReplicatedService.Mode.Replicated.Replicas of type uint64",
    ],
    [
      { Mode: { Replicated: { Replicas: 1.5 } } },
      "json: cannot unmarshal number 1.5 into Go struct field ReplicatedService.Mode.Replicated.Replicas of type uint64",
    ],
    [
      { Name: 1 },
      "json: cannot unmarshal number into Go struct field ServiceSpec.Name of type string",
    ],
    [
      { Labels: { a: true } },
      "json: cannot unmarshal bool into Go struct field ServiceSpec.Labels of type string",
    ],
    [
      { TaskTemplate: [] },
      "json: cannot unmarshal array into Go struct field ServiceSpec.TaskTemplate of type swarm.TaskSpec",
    ],
    [
      { TaskTemplate: { ContainerSpec: { Env: {} } } },
      "json: cannot unmarshal object into Go struct field ContainerSpec.TaskTemplate.ContainerSpec.Env of type []string",
    ],
    [[], "json: cannot unmarshal array into Go value of type swarm.ServiceSpec"],
  ])("%j", (spec, message) => {
    expect(inService(spec)).toThrow(message);
  });

  it("report the byte at which base64 is wrong", () => {
    expect(() => decodeSecretSpec('{"Data":"not base64!"}')).toThrow(
      "illegal base64 data at input byte 3",
    );
    expect(() => decodeConfigSpec('{"Data":"?"}')).toThrow("illegal base64 data at input byte 0");
    expect(() => decodeConfigSpec('{"Data":"YQ="}')).toThrow("illegal base64 data at input byte 3");
  });

  it("leave words alone", () => {
    expect(decodeNodeSpec('{"Role":"boss"}')).toEqual({
      Labels: {},
      Role: "boss",
      Availability: "",
    });
  });
});
