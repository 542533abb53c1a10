import { expect, test } from "vitest";
import { assertSupported } from "./engine-version.ts";
import { describeHost } from "./host-description.ts";

test("a host is described in Docker's words, whichever engine it has", () => {
  expect(
    describeHost({
      Name: "h",
      Architecture: "amd64",
      OSType: "linux",
      NCPU: 4,
      MemTotal: 1024,
      ServerVersion: "4.3.1",
      Labels: ["zone=a", "flag", "eq=a=b"],
      GenericResources: [{ DiscreteResourceSpec: { Kind: "SSD", Value: 1 } }],
      Plugins: { Volume: ["local"], Authorization: null, Network: ["overlay", "bridge"] },
    }),
  ).toEqual({
    Hostname: "h",
    Platform: { Architecture: "x86_64", OS: "linux" },
    Resources: {
      NanoCPUs: 4e9,
      MemoryBytes: 1024,
      GenericResources: [{ DiscreteResourceSpec: { Kind: "SSD", Value: 1 } }],
    },
    Engine: {
      EngineVersion: "4.3.1",
      Labels: { zone: "a", flag: "", eq: "a=b" },
      Plugins: [
        { Type: "Network", Name: "bridge" },
        { Type: "Network", Name: "overlay" },
        { Type: "Volume", Name: "local" },
      ],
    },
  });
});

test("an engine with a swarm of its own is refused", () => {
  expect(() => describeHost({ Swarm: { LocalNodeState: "active" } })).toThrow(
    'the container engine is part of a swarm of its own (active): run "docker swarm leave" on it first',
  );
});

test("engines that are too old are refused, versions that are no numbers are not", () => {
  const check =
    (kind: "docker" | "podman", version: string): (() => void) =>
    () =>
      assertSupported({ kind, version });
  expect(check("docker", "19.03.15")).toThrow(
    "Docker Engine 19.03.15 is too old: Skein needs Docker Engine 20.10 or newer",
  );
  expect(check("podman", "4.2.0")).toThrow("Podman 4.2.0 is too old");
  for (const version of ["20.10.0", "20.10.24+dfsg1", "23.0.0", "dev", "28.2.2-rc.1"])
    expect(check("docker", version)).not.toThrow();
  for (const version of ["4.3.0", "4.10.1", "5.0.0-dev"])
    expect(check("podman", version)).not.toThrow();
});
