import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { runCli } from "../test-program.ts";
import type { Routes } from "../test-program.ts";

const recorded = (name: string): string =>
  readFileSync(new URL(`../testdata/${name}`, import.meta.url), "utf8");

const service = JSON.parse(recorded("service.json")) as Record<string, unknown>;
const node = JSON.parse(recorded("node.json")) as Record<string, unknown>;

const daemon: Routes = {
  "GET /services/rich": [200, service],
  "GET /nodes/node-01": [200, node],
  "GET /networks/bw3joxawslvfwhi439fp8wci0": [200, { Name: "ov2" }],
  "GET /networks/zxcfjgqc6hgr9tczaemd7j9hi": [200, { Name: "ov1" }],
};

describe("inspect", () => {
  test("a service for people, as docker shows it", async () => {
    const now = Date.parse("2026-11-21T03:32:40Z");
    const { out } = await runCli(["service", "inspect", "--pretty", "rich"], daemon, now);
    expect(out).toBe(recorded("service.pretty.txt"));
  });

  test("a node for people, as docker shows it", async () => {
    const { out } = await runCli(["node", "inspect", "--pretty", "node-01"], daemon);
    expect(out).toBe(recorded("node.pretty.txt"));
  });

  test("what exists is shown, then what does not", async () => {
    const { out, failure } = await runCli(["service", "inspect", "x", "rich", "y"], {
      ...daemon,
      "GET /services/x": [404, { message: "service x not found" }],
      "GET /services/y": [404, { message: "service y not found" }],
    });
    expect(JSON.parse(out)).toEqual([service]);
    expect(failure).toBe("Error: no such service: x\nError: no such service: y");
  });

  test("templates see Go's types: zero values, times, durations, nil", async () => {
    const format =
      "{{.CreatedAt}}|{{.Spec.UpdateConfig.Delay}}|{{.PreviousSpec}}|{{.Spec.TaskTemplate.ContainerSpec.TTY}}|{{json .Spec.Mode}}|{{len .Spec.TaskTemplate.ContainerSpec.Groups}}";
    const { out } = await runCli(["service", "inspect", "-f", format, "rich"], daemon);
    expect(out).toBe(
      '2026-11-21 03:25:17.029015801 +0000 UTC|3s|<nil>|false|{"Replicated":{"Replicas":2}}|0\n',
    );
    const { failure } = await runCli(["node", "inspect", "-f", "{{.Nope}}", "node-01"], daemon);
    expect(failure).toBe(
      'template parsing error: template: :1:2: executing "" at <.Nope>: can\'t evaluate field Nope in type swarm.Node',
    );
  });
});

const spec = {
  Name: "web",
  Labels: { keep: "1", drop: "2" },
  TaskTemplate: {
    ContainerSpec: { Image: "bb:1", Env: ["A=1", "B=2"], CapabilityDrop: ["CAP_CHOWN"] },
    Placement: {},
    ForceUpdate: 4,
  },
  Mode: { Replicated: { Replicas: 1 } },
  EndpointSpec: { Mode: "vip" },
};

const web = { ID: "sid", Version: { Index: 7 }, Spec: spec, Endpoint: { Spec: {} } };

describe("service create", () => {
  const create = async (...words: readonly string[]) => {
    const result = await runCli(["service", "create", "-d", ...words], {
      "POST /services/create": [201, { ID: "new" }],
      "GET /networks/net": [200, { Id: "netid" }],
      "GET /secrets": [200, [{ ID: "secid", Spec: { Name: "sec" } }]],
    });
    const sent = result.requests.find(({ route }) => route === "POST /services/create");
    return { ...result, spec: sent?.body };
  };

  test("without flags it sends what docker sends", async () => {
    const { spec: sent, out } = await create("--no-resolve-image", "bb");
    expect(out).toBe("new\n");
    expect(sent).toEqual({
      Labels: {},
      TaskTemplate: {
        ContainerSpec: { Image: "bb:latest", Init: false, DNSConfig: {} },
        Resources: { Limits: {}, Reservations: {} },
        Placement: {},
        ForceUpdate: 0,
      },
      Mode: { Replicated: {} },
      EndpointSpec: { Mode: "vip" },
    });
  });

  test("flags end at the image, and names become ids", async () => {
    const { spec: sent } = await create(
      ..."--no-resolve-image --name web --replicas 0x2 --network name=net,alias=a --secret sec".split(
        " ",
      ),
      ..."--update-delay 3s --restart-condition none -p 8080:80 -e A=1 -e A=2".split(" "),
      ..."bb:1 sh -c --name".split(" "),
    );
    expect(sent).toMatchObject({
      Name: "web",
      Mode: { Replicated: { Replicas: 2 } },
      TaskTemplate: {
        ContainerSpec: {
          Args: ["sh", "-c", "--name"],
          Env: ["A=2"],
          Secrets: [{ SecretID: "secid", SecretName: "sec" }],
        },
        Networks: [{ Target: "netid", Aliases: ["a"] }],
        RestartPolicy: { Condition: "none", Delay: 5e9, MaxAttempts: 0 },
      },
      UpdateConfig: { Parallelism: 1, Delay: 3e9, Monitor: 5e9, Order: "stop-first" },
      EndpointSpec: { Ports: [{ PublishedPort: 8080, TargetPort: 80 }] },
    });
  });

  test("a registry that does not answer is a warning", async () => {
    const { error, spec: sent } = await create("bb:1");
    expect(error).toContain("image bb:1 could not be accessed on a registry to record\n");
    expect(sent).toMatchObject({ TaskTemplate: { ContainerSpec: { Image: "bb:1" } } });
  });

  test("a registry that answers pins the image", async () => {
    const digest = `sha256:${"a".repeat(64)}`;
    const { requests } = await runCli(["service", "create", "-d", "bb"], {
      "GET /distribution/bb:latest/json": [
        200,
        { Descriptor: { digest }, Platforms: [{ architecture: "arm", os: "linux" }] },
      ],
      "POST /services/create": [201, { ID: "new" }],
    });
    expect(requests.at(-1)?.body).toMatchObject({
      TaskTemplate: {
        ContainerSpec: { Image: `bb:latest@${digest}` },
        Placement: { Platforms: [{ OS: "linux" }] },
      },
    });
  });

  test.each([
    [
      "--mode global --replicas 2 bb",
      "replicas can only be used with replicated or replicated-job mode",
    ],
    ["--max-concurrent 2 bb", "max-concurrent can only be used with replicated-job mode"],
    ["--mode x bb", "Unknown mode: x, only replicated and global supported"],
    [
      "--mode global-job --update-delay 1s bb",
      "update and rollback configuration is not supported for jobs",
    ],
    ["--no-healthcheck --health-cmd x bb", "--no-healthcheck conflicts with --health-* options"],
    ["--secret nope bb", "secret not found: nope"],
    ["--secret sec --secret source=x,target=sec bb", "duplicate secret target for x not allowed"],
    ["--generic-resource GPU=a bb", "Named Generic Resources is not supported"],
    ["--env-file /nope bb", "open /nope: no such file or directory"],
  ])("%s is refused", async (line, message) => {
    expect((await create(...line.split(" "))).failure).toContain(message);
  });
});

describe("service update", () => {
  const update = async (line: string, present: unknown = web) => {
    const words = ["service", "update", "-d", "--no-resolve-image", ...line.split(" "), "web"];
    const result = await runCli(words, {
      "GET /services/web": [200, present],
      "POST /services/sid/update": [200, { Warnings: null }],
      "GET /networks/net": [200, { Id: "netid" }],
    });
    const sent = result.requests.find(({ route }) => route === "POST /services/sid/update");
    return { ...result, sent };
  };

  test("only what was asked for changes", async () => {
    const { sent, out } = await update("--label-rm drop --label-add new=3 --env-add B=9 --force");
    expect(out).toBe("web\n");
    expect(sent?.query.get("version")).toBe("7");
    expect(sent?.query.get("registryAuthFrom")).toBe("spec");
    expect(sent?.body).toEqual({
      ...spec,
      Labels: { keep: "1", new: "3" },
      TaskTemplate: {
        ...spec.TaskTemplate,
        ContainerSpec: { ...spec.TaskTemplate.ContainerSpec, Env: ["A=1", "B=9"] },
        ForceUpdate: 5,
      },
    });
  });

  test("adding a capability that was dropped only takes it off that list", async () => {
    const { sent } = await update("--cap-add chown --cap-add net_admin");
    expect(sent?.body).toMatchObject({
      TaskTemplate: { ContainerSpec: { CapabilityAdd: ["CAP_NET_ADMIN"] } },
    });
    expect(JSON.stringify(sent?.body)).not.toContain("CapabilityDrop");
  });

  test("ports go by target, protocol and mode", async () => {
    const port = (TargetPort: number, PublishMode: string) => ({
      Protocol: "tcp",
      TargetPort,
      PublishedPort: 8000,
      PublishMode,
    });
    const present = {
      ...web,
      Spec: { ...spec, EndpointSpec: { Ports: [port(80, "ingress"), port(80, "host")] } },
    };
    const { sent } = await update("--publish-rm 80 --publish-add 9000:90", present);
    expect(sent?.body).toMatchObject({
      EndpointSpec: { Ports: [port(80, "host"), { TargetPort: 90, PublishedPort: 9000 }] },
    });
  });

  test("somebody else was faster: it reads again", async () => {
    const faster = { message: "rpc error: code = Unknown desc = update out of sequence" };
    const { failure, requests } = await runCli(["service", "scale", "-d", "web=3"], {
      "GET /services/web": [200, web],
      "POST /services/sid/update": [
        [500, faster],
        [200, { Warnings: ["mind"] }],
      ],
    });
    expect(failure).toBeUndefined();
    expect(requests.filter(({ route }) => route === "GET /services/web")).toHaveLength(2);
  });

  test.each([
    ["--rollback --force", "other flags may not be combined with --rollback"],
    ["--mount-add target=/a --mount-add target=/a", "duplicate mount target"],
    ["--generic-resource-rm GPU", "could not find generic-resource `GPU` to remove it"],
  ])("%s is refused", async (line, message) => {
    expect((await update(line)).failure).toBe(message);
  });
});

describe("lists", () => {
  test("service ls shows modes, counts and ports", async () => {
    const services = [
      { ...web, ServiceStatus: { RunningTasks: 1, DesiredTasks: 2, CompletedTasks: 0 } },
      {
        ...web,
        ID: "job",
        Spec: { ...spec, Name: "job", Mode: { ReplicatedJob: { TotalCompletions: 5 } } },
        ServiceStatus: { RunningTasks: 1, DesiredTasks: 1, CompletedTasks: 3 },
        Endpoint: {
          Ports: [9000, 9001].map((PublishedPort) => ({
            Protocol: "tcp",
            PublishMode: "ingress",
            PublishedPort,
            TargetPort: PublishedPort - 8000,
          })),
        },
      },
    ];
    const { out } = await runCli(["service", "ls"], { "GET /services": [200, services] });
    expect(out).toBe(
      "ID        NAME      MODE             REPLICAS              IMAGE     PORTS\n" +
        "job       job       replicated job   1/1 (3/5 completed)   bb:1      *:9000-9001->1000-1001/tcp\n" +
        "sid       web       replicated       1/2                   bb:1      \n",
    );
  });

  test("tasks of one slot stand below each other, the newest first", async () => {
    const now = Date.parse("2026-01-01T00:01:00Z");
    const task = (ID: string, CreatedAt: string, State: string) => ({
      ID,
      CreatedAt,
      ServiceID: "sid",
      NodeID: "n1",
      Slot: 1,
      Spec: { ContainerSpec: { Image: "bb:1" } },
      DesiredState: State === "failed" ? "shutdown" : "running",
      Status: {
        State,
        Timestamp: "2026-01-01T00:00:55Z",
        PortStatus: {},
        ...(State === "failed" ? { Err: "task: non-zero exit (1) and more text" } : {}),
      },
    });
    const tasks = [
      task("old", "2026-01-01T00:00:00Z", "failed"),
      task("new", "2026-01-01T00:00:10Z", "running"),
    ];
    const routes: Routes = {
      "GET /services": [200, [web]],
      "GET /tasks": [200, tasks],
      "GET /nodes": [200, [{ ID: "n1", Spec: {}, Description: { Hostname: "host-1" } }]],
    };
    const { out, failure } = await runCli(["service", "ps", "web", "nope"], routes, now);
    expect(out).toBe(
      [
        "ID        NAME        IMAGE     NODE      DESIRED STATE   CURRENT STATE           ERROR                              PORTS",
        "new       web.1       bb:1      host-1    Running         Running 5 seconds ago                                      ",
        String.raw`old        \_ web.1   bb:1      host-1    Shutdown        Failed 5 seconds ago    "task: non-zero exit (1) and m…"   `,
        "",
      ].join("\n"),
    );
    expect(failure).toBe("no such service: nope");
  });
});

describe("swarm", () => {
  test("init shows how to join", async () => {
    const { out, requests } = await runCli(
      "swarm init --advertise-addr 10.0.0.1 --task-history-limit 3".split(" "),
      {
        "POST /swarm/init": [200, "nid"],
        "GET /nodes/nid": [200, { ID: "nid", ManagerStatus: { Addr: "10.0.0.1:2377" } }],
        "GET /swarm": [200, { JoinTokens: { Worker: "TOKEN", Manager: "M" } }],
      },
    );
    expect(out).toContain("Swarm initialized: current node (nid) is now a manager.");
    expect(out).toContain("    skein swarm join --token TOKEN 10.0.0.1:2377\n");
    expect(requests[0]?.body).toMatchObject({
      AdvertiseAddr: "10.0.0.1",
      ListenAddr: "0.0.0.0:2377",
      SubnetSize: 24,
      Spec: { Orchestration: { TaskHistoryRetentionLimit: 3 } },
    });
  });

  test("unlock reads the key, but only for a locked node", async () => {
    const locked = await runCli(["swarm", "unlock"], {
      "GET /info": [200, { Swarm: { LocalNodeState: "locked" } }],
      "POST /swarm/unlock": [200, undefined],
    });
    expect(locked.requests.at(-1)?.body).toEqual({ UnlockKey: "SWMKEY-1-secret" });
    const open = await runCli(["swarm", "unlock"], {
      "GET /info": [200, { Swarm: { LocalNodeState: "active" } }],
    });
    expect(open.failure).toBe("Error: swarm is not locked");
  });

  test("several targets: each failure has a line, the others still go", async () => {
    const { out, failure } = await runCli(["node", "rm", "a", "b", "c"], {
      "DELETE /nodes/a": [404, { message: "node a not found" }],
      "DELETE /nodes/b": [200, undefined],
      "DELETE /nodes/c": [400, { message: "node c is not down" }],
    });
    expect(out).toBe("b\n");
    expect(failure).toBe(
      "Error response from daemon: node a not found\nError response from daemon: node c is not down",
    );
  });
});
