import { logFrameReader } from "@skein/wire";
import { expect, test } from "vitest";
import { engineOf, newHarness } from "../testing/harness.ts";
import { newMemoryCluster } from "../testing/memory-backend.ts";
import { aLogLine, aSwarm } from "../testing/objects.ts";

const decoder = new TextDecoder();

const newLogs = (version = "1.41") => {
  const cluster = newMemoryCluster(aSwarm);
  const { ask, raw } = newHarness(cluster, engineOf(version));
  const frames = async (url: string): Promise<readonly (readonly [string, string])[]> => {
    const { body } = await raw("GET", url);
    const read = logFrameReader();
    const found: (readonly [string, string])[] = [];
    if (typeof body === "string") throw new Error(`no stream: ${body}`);
    for await (const chunk of body)
      for (const { stream, data } of read(chunk)) found.push([stream, decoder.decode(data)]);
    return found;
  };
  return { cluster, ask, frames };
};

test("each line is a frame of its stream", async () => {
  const { cluster, frames } = newLogs();
  cluster.logs = {
    tty: false,
    lines: [aLogLine("out 1\n"), aLogLine("err 1\n", { stream: "stderr" })],
  };
  expect(await frames("/v1.41/services/web/logs?stdout=1&stderr=1")).toEqual([
    ["stdout", "out 1\n"],
    ["stderr", "err 1\n"],
  ]);
  expect(cluster.calls.at(-1)?.input).toEqual({
    selector: { kind: "service", ref: "web" },
    options: { follow: false, tail: -1, since: 0, stdout: true, stderr: true },
  });
});

test("timestamps have nine digits, details are sorted, escaped, and always name the task", async () => {
  const { cluster, frames } = newLogs();
  const attributes = { app: "a b", NAME: "x,y=(z)" };
  cluster.logs = { tty: false, lines: [aLogLine("hi\n", { attributes })] };
  expect(await frames("/v1.41/tasks/t/logs?stdout=1&details=1&timestamps=1")).toEqual([
    [
      "stdout",
      "2024-05-01T10:00:00.500000000Z NAME=x%2Cy%3D%28z%29,app=a+b," +
        "com.docker.swarm.node.id=node1,com.docker.swarm.service.id=service1," +
        "com.docker.swarm.task.id=task1 hi\n",
    ],
  ]);
});

test("a terminal's output is raw", async () => {
  const { cluster, ask } = newLogs();
  cluster.logs = { tty: true, lines: [aLogLine("tty line\r\n")], failure: "gone" };
  expect((await ask("GET", "/v1.41/tasks/t/logs?stdout=1")).text).toBe(
    "tty line\r\nError grabbing logs: gone\n",
  );
});

test("a failure in the middle is a frame of the system stream", async () => {
  const { cluster, frames } = newLogs();
  const failure = "warning: incomplete log stream.";
  cluster.logs = { tty: false, lines: [aLogLine("a\n")], failure };
  expect(await frames("/v1.41/services/web/logs?stdout=1")).toEqual([
    ["stdout", "a\n"],
    ["system", `Error grabbing logs: ${failure}\n`],
  ]);
});

test("the content type says the framing from 1.42 on", async () => {
  const { cluster, ask } = newLogs("1.48");
  const type = async (version: string): Promise<string | undefined> =>
    (await ask("GET", `/v${version}/services/web/logs?stdout=1`)).headers["content-type"];
  expect(await type("1.48")).toBe("application/vnd.docker.multiplexed-stream");
  expect(await type("1.41")).toBe("application/octet-stream");
  cluster.logs = { tty: true, lines: [] };
  expect(await type("1.48")).toBe("application/vnd.docker.raw-stream");
});

test.each([
  ["", "Bad parameters: you must choose at least one stream"],
  ["stdout=1&tail=-5", "negative tail values not supported"],
  ["stdout=1&tail=x", 'tail value must be a positive integer or "all"'],
  [
    "stdout=1&since=x",
    'could not parse since timestamp: strconv.ParseInt: parsing "x": invalid syntax',
  ],
])("bad parameters %j: 500 as in 20.10, 400 as later", async (query, message) => {
  const { ask } = newLogs("1.48");
  const url = (version: string): string => `/v${version}/services/web/logs?${query}`;
  expect(await ask("GET", url("1.41"))).toMatchObject({ status: 500, json: { message } });
  expect(await ask("GET", url("1.48"))).toMatchObject({ status: 400, json: { message } });
});

test("tail and since are numbers for the backend", async () => {
  const { ask, cluster } = newLogs();
  await ask("GET", "/v1.41/services/web/logs?stderr=1&tail=3&since=1700000000.25&follow=1");
  expect(cluster.calls.at(-1)?.input).toMatchObject({
    options: { follow: true, tail: 3, since: 1_700_000_000.25, stdout: false, stderr: true },
  });
  await ask("GET", "/v1.41/services/web/logs?stdout=1&tail=all");
  expect(cluster.calls.at(-1)?.input).toMatchObject({ options: { tail: -1 } });
});
