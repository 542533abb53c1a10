import { describe, expect, it } from "vitest";
import { checkTemplating, compareApiVersions, gateServiceSpec } from "./api-version.ts";
import { decodeServiceSpec } from "./decode.ts";

const spec = decodeServiceSpec(
  JSON.stringify({
    Mode: { ReplicatedJob: { TotalCompletions: 3 } },
    TaskTemplate: {
      ContainerSpec: {
        Image: "bb:1",
        CapabilityAdd: ["CAP_NET_ADMIN"],
        Sysctls: { "net.core.somaxconn": "256" },
        Privileges: { CredentialSpec: { Config: "c" }, NoNewPrivileges: true },
        Mounts: [{ Type: "bind", BindOptions: { NonRecursive: true } }, { Type: "tmpfs" }],
      },
      Resources: { Limits: { Pids: 5, NanoCPUs: 1 } },
    },
  }),
);

describe("what older clients cannot have meant", () => {
  it("is compared by numbers", () => {
    expect(compareApiVersions("1.9", "1.41")).toBeLessThan(0);
    expect(compareApiVersions("1.41", "1.41")).toBe(0);
  });

  it("is kept for clients that know it", () => {
    expect(gateServiceSpec(spec, "1.48")).toEqual(spec);
  });

  it("is dropped below 1.41, and more of it below 1.40", () => {
    const container = {
      Image: "bb:1",
      Mounts: [{ Type: "bind", BindOptions: {} }, { Type: "tmpfs" }],
      Privileges: {
        CredentialSpec: { Config: "c", File: "", Registry: "" },
        SELinuxContext: null,
        NoNewPrivileges: false,
      },
      Sysctls: { "net.core.somaxconn": "256" },
    };
    expect(gateServiceSpec(spec, "1.40")).toEqual({
      Labels: {},
      Mode: {},
      TaskTemplate: {
        ContainerSpec: container,
        Resources: { Limits: { NanoCPUs: 1 } },
        ForceUpdate: 0,
      },
    });
    const older = gateServiceSpec(spec, "1.39").TaskTemplate.ContainerSpec;
    expect(older?.Sysctls).toBeUndefined();
    expect(older?.Privileges?.CredentialSpec?.Config).toBe("");
  });

  it("is refused for templating", () => {
    expect(() => checkTemplating("secret", { Templating: {} }, "1.36")).toThrow(
      "secret templating is not supported on the specified API version: 1.36",
    );
    expect(() => checkTemplating("config", {}, "1.36")).not.toThrow();
  });
});
