import { decodeNodeSpec, decodeSecretSpec, decodeSwarmSpec } from "@skein/wire";
import { describe, expect, it } from "vitest";
import {
  convertNodeSpec,
  convertSwarmSpec,
  validateConfigSpec,
  validateSecretSpec,
  validateSwarmSpec,
} from "./objects.ts";

const base64 = (bytes: number): string => Buffer.alloc(bytes, "x").toString("base64");

describe("secrets and configs", () => {
  it("have a name that can be a file's", () => {
    const named = (Name: string) => () => validateSecretSpec({ Name, Labels: {}, Data: "YQ==" });
    expect(named("")).toThrow("name must be provided");
    for (const bad of ["-a", "a-", "a b", "ünï", "a".repeat(65)])
      expect(named(bad)).toThrow("invalid name, only 64 [a-zA-Z0-9-_.] characters allowed");
    for (const good of ["a", "A.b_c-d", "a".repeat(64)]) expect(named(good)).not.toThrow();
  });

  it("have data below the maximum, which is itself refused", () => {
    const secret = (Data: string) => () => validateSecretSpec({ Name: "s", Labels: {}, Data });
    const config = (Data: string) => () => validateConfigSpec({ Name: "c", Labels: {}, Data });
    const secretText = "secret data must be larger than 0 and less than 512000 bytes";
    expect(secret("")).toThrow(secretText);
    expect(secret(base64(512_000))).toThrow(secretText);
    expect(secret(base64(511_999))).not.toThrow();
    expect(config(base64(1_024_000))).toThrow(
      "config data must be larger than 0 and less than 1024000 bytes",
    );
    expect(config(base64(1_023_999))).not.toThrow();
  });

  it("need no data when an external driver has it", () => {
    const spec = decodeSecretSpec('{"Name":"s","Driver":{}}');
    expect(() => validateSecretSpec(spec)).toThrow("secret driver must have a name");
    expect(() => validateSecretSpec({ ...spec, Driver: { Name: "vault" } })).not.toThrow();
  });
});

describe("nodes", () => {
  it("have roles and availabilities in any case", () => {
    const spec = decodeNodeSpec('{"Role":"MANAGER","Availability":"Drain"}');
    expect(convertNodeSpec(spec)).toEqual({ Labels: {}, Role: "manager", Availability: "drain" });
  });

  it("refuse other words", () => {
    expect(() => convertNodeSpec(decodeNodeSpec("{}"))).toThrow('invalid Role: ""');
    const gone = decodeNodeSpec('{"Role":"worker","Availability":"gone"}');
    expect(() => convertNodeSpec(gone)).toThrow('invalid Availability: "gone"');
  });
});

describe("the cluster", () => {
  it.each([
    ['{"Name":"other"}', 'swarm spec must be named "default"'],
    ['{"CAConfig":{"NodeCertExpiry":600000000000}}', "minimum certificate expiry time is: 1h0m0s"],
    [
      '{"Dispatcher":{"HeartbeatPeriod":-1}}',
      "heartbeat time period cannot be a negative duration",
    ],
  ])("refuses %s", (body, message) => {
    expect(() => validateSwarmSpec(decodeSwarmSpec(body))).toThrow(message);
  });

  it("shows counters that were left out as 0, and never the signing key", () => {
    const spec = decodeSwarmSpec('{"Name":"default","CAConfig":{"SigningCAKey":"k"}}');
    expect(convertSwarmSpec(spec)).toMatchObject({
      Orchestration: { TaskHistoryRetentionLimit: 0 },
      Raft: { KeepOldSnapshots: 0 },
      CAConfig: {},
    });
    expect(convertSwarmSpec(spec).CAConfig).toEqual({});
  });
});
