// Goal: one definition of what a change of a service's spec does to its versions.
// Method: writes through a store, without control loops' help.
import { describe, expect, test } from "vitest";
import { createService, swapSpecs, writeSpec } from "./service-spec.ts";
import { aSpec } from "./testing/builders.ts";
import { TestCluster } from "./testing/test-cluster.ts";

const open = async (): Promise<TestCluster> => {
  const cluster = await TestCluster.open();
  await cluster.create("web", { replicas: 0 });
  return cluster;
};

const specIds = (cluster: TestCluster): readonly string[] => [...cluster.view.all("specs").keys()];

test("a new service has version and spec version of its batch", async () => {
  const cluster = await open();
  const { version, specVersion, previousSpec, job } = cluster.service();
  expect(specVersion).toBe(version);
  expect(specIds(cluster)).toEqual([`web.${version}`]);
  expect(previousSpec).toBeUndefined();
  expect(job).toBeUndefined();
});

describe("writeSpec", () => {
  test.each([
    { title: "labels", wish: { labels: { a: "b" } }, grows: false },
    { title: "replicas", wish: { replicas: 7 }, grows: false },
    { title: "the image", wish: { image: "app:2" }, grows: true },
    { title: "the endpoint", wish: { endpoint: { Mode: "dnsrr" } }, grows: true },
  ] as const)("$title: the spec version grows $grows", async ({ wish, grows }) => {
    const cluster = await open();
    const before = cluster.service();
    await cluster.update("web", { replicas: 0, ...wish });
    const after = cluster.service();
    expect(after.specVersion > before.specVersion).toBe(grows);
    expect(after.previousSpec).toEqual(before.spec);
    expect(specIds(cluster)).toEqual([`web.${after.specVersion}`]);
  });

  test("several in one batch have versions of their own", async () => {
    const cluster = await open();
    const versions = await cluster.edit((tx) =>
      ["a", "b", "c"].map((image) => {
        const spec = aSpec({ name: "web", replicas: 0, image });
        return writeSpec(tx, tx.get("services", "web") ?? cluster.service(), spec).specVersion;
      }),
    );
    expect(new Set(versions).size).toBe(3);
    await cluster.update("web", { replicas: 0, image: "d" });
    expect(cluster.service().specVersion).toBeGreaterThan(Math.max(...versions));
  });

  test("new credentials go into the present version", async () => {
    const cluster = await open();
    const { specVersion, spec } = cluster.service();
    await cluster.edit((tx) => writeSpec(tx, cluster.service(), spec, "secret"));
    expect(cluster.service()).toMatchObject({ specVersion, registryAuth: "secret" });
    expect(cluster.view.get("specs", `web.${specVersion}`)?.registryAuth).toBe("secret");
    await cluster.edit((tx) => writeSpec(tx, cluster.service(), spec));
    expect(cluster.service().previousRegistryAuth).toBe("secret");
    expect(cluster.view.get("specs", `web.${specVersion}`)?.registryAuth).toBeUndefined();
  });

  test("clears the update status; a job begins its next iteration", async () => {
    const cluster = await open();
    await cluster.update("web", { replicas: 0, labels: { a: "b" } });
    await cluster.edit((tx) => swapSpecs(tx, cluster.service()));
    expect(cluster.service().update?.state).toBe("rollback_completed");
    await cluster.update("web", { replicas: 0 });
    expect(cluster.service().update).toBeUndefined();
    const spec = aSpec({ name: "job", mode: { GlobalJob: {} } });
    await cluster.edit((tx) => createService(tx, { id: "job", spec }));
    expect(cluster.service("job").job).toEqual({ iteration: 0, lastExecution: cluster.now });
    cluster.now += 50;
    await cluster.edit((tx) => writeSpec(tx, cluster.service("job"), spec));
    expect(cluster.service("job").job).toEqual({ iteration: 1, lastExecution: cluster.now });
  });
});

test("swapping brings back the credentials too", async () => {
  const cluster = await open();
  const { spec } = cluster.service();
  await cluster.edit((tx) => writeSpec(tx, cluster.service(), spec, "one"));
  await cluster.edit((tx) =>
    writeSpec(tx, cluster.service(), { ...spec, Labels: { a: "b" } }, "two"),
  );
  await cluster.edit((tx) => swapSpecs(tx, cluster.service()));
  expect(cluster.service()).toMatchObject({
    spec,
    registryAuth: "one",
    previousSpec: { Labels: { a: "b" } },
    previousRegistryAuth: "two",
  });
});
