// Goal: what the daemon found is shown with what to do, and a problem is an exit code.
import type { DoctorReport, NetworkTrace } from "@skein/wire";
import { expect, test } from "vitest";
import { runCli } from "../test-program.ts";

const report: DoctorReport = {
  NodeID: "n1",
  Hostname: "host1",
  Groups: [
    {
      Name: "network",
      Checks: [
        { Name: "kernel", Status: "ok", Finding: "as it should be", Advice: "" },
        { Name: "names", Status: "problem", Finding: "nobody answers", Advice: "free port 53" },
      ],
    },
  ],
};

const trace: NetworkTrace = {
  Source: "client.1",
  Destination: "web.1",
  Reached: false,
  Hops: [
    { Name: "network", Node: "", Status: "ok", Detail: "both are on back", Advice: "" },
    { Name: "underlay", Node: "host1", Status: "broken", Detail: "no answer", Advice: "see both" },
  ],
};

const daemon = {
  "POST /skein/v1/doctor": [200, report],
  "GET /skein/v1/networks/trace": [200, trace],
  "GET /nodes": [200, [{ ID: "n1", Description: { Hostname: "host1" } }]],
} as const;

test("doctor shows each check, advice below, and fails when there is a problem", async () => {
  const { out, failure, requests } = await runCli(["doctor"], daemon);
  expect(out).toBe(
    "Node host1 (n1)\n" +
      "network:\n" +
      "  ok        kernel    as it should be\n" +
      "  problem   names     nobody answers\n" +
      "                      -> free port 53\n",
  );
  expect(failure).toBe("1 problem found");
  // Without being asked to, it repairs nothing.
  expect(requests[0]?.query.get("repair")).toBeNull();
});

test("doctor network repairs; --node all asks for every node, and tells who is away", async () => {
  const { requests } = await runCli(["doctor", "network"], daemon);
  expect(requests[0]?.query.toString()).toBe("groups=network&repair=1&node=");
  const all = await runCli(["doctor", "--node", "all"], {
    ...daemon,
    "POST /skein/v1/doctor": [503, { message: "node n1 is not connected" }],
  });
  expect(all.out).toContain(
    "problem   session   Error response from daemon: node n1 is not connected",
  );
  expect(all.failure).toBe("1 problem found");
});

test("as JSON, for programs", async () => {
  const { out } = await runCli(["doctor", "--format", "json"], daemon);
  expect(JSON.parse(out)).toEqual(report);
  expect((await runCli(["doctor", "--format", "yaml"], daemon)).failure).toBe(
    'unknown format "yaml": use json, or leave it out',
  );
});

test("trace shows each hop, and says at which it breaks", async () => {
  const { out, failure, requests } = await runCli(
    ["network", "trace", "client", "->", "web", "8080"],
    daemon,
  );
  expect(out).toBe(
    "client.1 -> web.1\n" +
      "  ok       network    -         both are on back\n" +
      "  broken   underlay   host1     no answer\n" +
      "                                -> see both\n",
  );
  expect(failure).toBe('broken at "underlay": no answer');
  expect(requests[0]?.query.toString()).toBe("source=client&destination=web&port=8080");
  expect((await runCli(["network", "trace", "a", "->"], daemon)).failure).toBe(
    "name a source, a destination and, if you like, a port",
  );
});
