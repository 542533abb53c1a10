import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { hostDirIn, hostScript, quote, startScript } from "./host-script.ts";
import { hostNamed, planPlayground } from "./plan.ts";
import { daemonCommandOf, engineCommand } from "./programs.ts";

const plan = planPlayground(
  {
    name: "lab",
    managers: 1,
    workers: 1,
    engines: ["worker1=podman"],
    daemon: "skein",
    join: true,
    engineLabels: ["lab=h2", "zone=it's here"],
  },
  "/state/it's",
  0,
);
const docker = hostNamed(plan, "manager1");
const podman = hostNamed(plan, "worker1");

test("quoted words reach a program as they are", () => {
  const words = ["it's", "$HOME `id`", "a\nb", ""];
  const script = `printf '%s|' ${words.map(quote).join(" ")}`;
  expect(execFileSync("bash", ["-c", script], { encoding: "utf8" })).toBe(`${words.join("|")}|`);
});

test("the scripts are valid shell, whatever the paths", () => {
  for (const script of [
    hostScript(docker),
    hostScript(podman),
    startScript(engineCommand(plan, docker), { record: "/a'b", log: "/c d" }),
  ])
    expect(execFileSync("bash", ["-n", "-c", script], { encoding: "utf8" })).toBe("");
});

test("the command line of a host's init tells where the host keeps its files", () => {
  const plain = { ...docker, dir: "/state/lab/manager1" };
  const inner = /exec unshare --pid --fork -- (?<init>[^]*)$/.exec(hostScript(plain))?.groups?.[
    "init"
  ];
  const words = execFileSync("bash", ["-c", `printf '%s\\0' ${inner ?? ""}`], { encoding: "utf8" });
  expect(hostDirIn(words)).toBe("/state/lab/manager1");
  expect(hostDirIn("dockerd\0--data-root=/state/lab/manager1/engine\0")).toBeUndefined();
});

test("only Podman hosts need a place of their own for the network plugins' state", () => {
  expect(hostScript(docker)).not.toContain("/var/lib/cni");
  expect(hostScript(podman)).toContain("/var/lib/cni");
});

test("engines get their own directories, labels and cgroups", () => {
  const command = engineCommand(plan, docker);
  expect(command).toContain("--data-root=/state/it's/lab/manager1/engine");
  expect(command).toContain("--cgroup-parent=/skein-playground-lab/manager1");
  expect(command.filter((word) => word.startsWith("--label"))).toEqual([
    "--label=lab=h2",
    "--label=zone=it's here",
  ]);
  expect(engineCommand(plan, podman)).toContain("--root=/state/it's/lab/worker1/engine");
});

test("the daemon serves the node's socket and talks to its host's engine", () => {
  expect(daemonCommandOf(["node", "skein.mjs", "daemon"], podman)).toEqual([
    "node",
    "skein.mjs",
    "daemon",
    "--host=unix:///state/it's/lab/worker1/skein.sock",
    "--engine=unix:///state/it's/lab/worker1/podman.sock",
    "--data-dir=/state/it's/lab/worker1/skein",
    "--run-dir=/state/it's/lab/worker1/run",
    "--pidfile=/state/it's/lab/worker1/skein.pid",
    "--listen-addr=0.0.0.0:2377",
  ]);
});
