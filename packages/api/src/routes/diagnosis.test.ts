import { expect, test } from "vitest";
import { engineOf, newHarness } from "../testing/harness.ts";
import { newMemoryCluster } from "../testing/memory-backend.ts";
import { aSwarm } from "../testing/objects.ts";

const newCluster = () => {
  const cluster = newMemoryCluster(aSwarm);
  return { cluster, ...newHarness(cluster, engineOf("1.41")) };
};

test("doctor: groups, repair and node come from the query", async () => {
  const { ask, cluster } = newCluster();
  const path = "/skein/v1/doctor?groups=network,disk&repair=1&node=web1";
  expect(await ask("POST", path)).toMatchObject({ status: 200, json: { NodeID: "node1" } });
  await ask("POST", "/skein/v1/doctor");
  expect(cluster.calls).toEqual([
    {
      name: "diagnosis.examine",
      input: { groups: ["network", "disk"], repair: true, node: "web1" },
    },
    { name: "diagnosis.examine", input: { groups: [], repair: false, node: "" } },
  ]);
});

test("trace: a port with its protocol, or none; another is refused", async () => {
  const { ask, cluster } = newCluster();
  for (const port of ["", "8080", "53/udp"])
    await ask("GET", `/skein/v1/networks/trace?source=a&destination=b&port=${port}`);
  expect(cluster.calls.map(({ input }) => input)).toEqual([
    { source: "a", destination: "b", port: 0, protocol: "tcp" },
    { source: "a", destination: "b", port: 8080, protocol: "tcp" },
    { source: "a", destination: "b", port: 53, protocol: "udp" },
  ]);
  for (const port of ["x", "0", "70000", "80/sctp"])
    expect(await ask("GET", `/skein/v1/networks/trace?port=${port}`)).toMatchObject({
      status: 400,
      json: { message: expect.stringContaining(`invalid port "${port}"`) },
    });
});

test("what is unknown below /skein is not asked of the engine", async () => {
  const { ask } = newCluster();
  expect(await ask("GET", "/skein/v1/other")).toMatchObject({
    status: 404,
    json: { message: "page not found" },
  });
});
