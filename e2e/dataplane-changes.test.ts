/** What happens to connections while the set of tasks changes. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PublishedPort } from "@skein/model";
import { Lab } from "./support/net/lab.ts";
import { blue, ingress } from "./support/net/lab-networks.ts";
import type { LabTask } from "./support/net/lab.ts";
import { namesIn } from "./support/net/network-namespace.ts";

const lab = new Lab("changes");
const VIP = "10.0.5.100";

const published = (protocol: "tcp" | "udp"): PublishedPort => ({
  protocol,
  port: 8080,
  targetPort: 80,
  serviceId: "web",
  localOnly: false,
  clientAffinity: false,
  addresses: [],
});

beforeAll(async () => {
  await lab.open(2);
  lab.networks.push(ingress, blue);
  lab.services.push({ id: "web", networkId: blue.id, vip: 100 });
  lab.published.push(published("tcp"), published("udp"));
  await lab.apply();
  for (const at of [1, 2])
    for (const last of [30 + at, 40 + at])
      await lab.start(`web${last}`, at, last, { networks: [ingress, blue], serviceId: "web" });
  for (const name of ["vip", "drain", "load", "dead", "udp"])
    await lab.start(name, 1, 60 + lab.tasks.length, { networks: [blue] });
  await lab.apply();
});

afterAll(() => lab.close());

const webs = (): readonly LabTask[] => lab.tasks.filter(({ serviceId }) => serviceId === "web");

const setActive = async (...ids: readonly string[]): Promise<void> => {
  for (const task of webs()) task.active = ids.includes(task.id);
  await lab.apply();
};

const everyone = async (): Promise<void> => setActive(...webs().map(({ id }) => id));

test("tasks are taken out and put back under load: no connection fails", async () => {
  const vip = lab.task("load").namespace;
  await vip.ask({ do: "load", host: VIP, port: 80 });
  await lab.outside.ask({ do: "load", host: lab.host(1).address, port: 8080 });
  for (let round = 0; round < 12; round += 1) {
    await setActive("web31");
    await setActive("web42", "web32");
    await everyone();
  }
  const results = [await vip.ask({ do: "stop" }), await lab.outside.ask({ do: "stop" })];
  for (const { answers, failed } of results) {
    expect(failed).toEqual([]);
    expect(Object.values(answers).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(500);
  }
});

test("what is connected stays so while its task drains; what is new goes elsewhere", async () => {
  const clients = [
    { namespace: lab.task("drain").namespace, host: VIP, port: 80 },
    { namespace: lab.outside, host: lab.host(2).address, port: 8080 },
  ];
  for (const { namespace, host, port } of clients) {
    await everyone();
    const opened = await namespace.ask({ do: "open", host, port, count: 40 });
    expect(namesIn(opened)).toEqual(["web31", "web32", "web41", "web42"]);
    await setActive("web42");
    const said = await namespace.ask({ do: "say" });
    expect(said.failed).toEqual([]);
    expect(namesIn(said)).toEqual(namesIn(opened));
    const fresh = await namespace.ask({ do: "tcp", host, port, count: 40 });
    expect(fresh.failed).toEqual([]);
    expect(namesIn(fresh)).toEqual(["web42"]);
    await everyone();
    const again = await namespace.ask({ do: "tcp", host, port, count: 60 });
    expect(again.failed).toEqual([]);
    expect(namesIn(again)).toEqual(["web31", "web32", "web41", "web42"]);
  }
});

test("UDP moves away from a task that drains", async () => {
  const clients = [
    { namespace: lab.task("udp").namespace, host: VIP, port: 80 },
    { namespace: lab.outside, host: lab.host(1).address, port: 8080 },
  ];
  for (const { namespace, host, port } of clients) {
    await setActive("web32");
    await namespace.ask({ do: "stream", host, port });
    expect(namesIn(await namespace.ask({ do: "say-udp" }))).toEqual(["web32"]);
    await setActive("web31");
    expect(namesIn(await namespace.ask({ do: "say-udp" }))).toEqual(["web31"]);
    await everyone();
  }
});

test("connections to a task that is gone end at once", async () => {
  const { namespace } = lab.task("dead");
  await setActive("web41", "web42");
  const opened = await namespace.ask({ do: "open", host: VIP, port: 80, count: 30 });
  expect(namesIn(opened)).toEqual(["web41", "web42"]);
  // As after a crash of its node: nobody says goodbye.
  const gone = lab.task("web42");
  await gone.namespace.sh("ip link set eth0 down; ip link set eth1 down");
  lab.tasks.splice(lab.tasks.indexOf(gone), 1);
  await lab.apply();
  const said = await namespace.ask({ do: "say" });
  expect(namesIn(said)).toEqual(["web41"]);
  expect(new Set(said.failed)).toEqual(new Set(["ECONNRESET"]));
});

test("an address that moves to another node is reached there", async () => {
  const { namespace } = lab.task("vip");
  const first = await lab.start("moving", 1, 77, { networks: [blue] });
  await lab.apply();
  const ask = () => namespace.ask({ do: "tcp", host: "10.0.5.77", port: 80 });
  expect(namesIn(await ask())).toEqual(["moving"]);
  await first.namespace.sh("ip link del eth0");
  lab.tasks.splice(lab.tasks.indexOf(first), 1);
  await lab.start("moved", 2, 77, { networks: [blue] });
  await lab.apply();
  expect(namesIn(await ask())).toEqual(["moved"]);
});
