import { existsSync } from "node:fs";
import { OperationError } from "@skein/base";
import type { HostPlan, PlaygroundPlan } from "./plan.ts";
import { run, succeeds } from "./run.ts";
import type { Subnet } from "./subnet.ts";
import { parseSubnet } from "./subnet.ts";
import { waitFor } from "./wait.ts";

/** How the bridge is called in its own network namespace. */
const BRIDGE = "bridge0";

/** Links of a removed namespace vanish a moment later; this long at most, in milliseconds. */
const VANISH_MS = 10_000;

/** True when the network namespace exists. */
export const netnsExists = (name: string): boolean => existsSync(`/run/netns/${name}`);

/** True when this machine has an interface of that name. */
export const linkExists = (name: string): boolean => existsSync(`/sys/class/net/${name}`);

/** The subnets that this machine's interfaces and routes take up already. */
export const takenSubnets = async (): Promise<readonly Subnet[]> => {
  const routes = JSON.parse(await run("ip", ["-json", "-4", "route", "show"])) as readonly {
    readonly dst?: string;
  }[];
  return routes
    .map(({ dst }) => dst)
    .filter((dst) => dst !== undefined && /^\d/.test(dst))
    .map((dst) => parseSubnet(dst?.includes("/") === true ? dst : `${dst ?? ""}/32`));
};

/** Makes `netns`, with its loopback up. */
const addNetns = async (netns: string): Promise<void> => {
  await run("ip", ["netns", "add", netns]);
  await run("ip", ["-n", netns, "link", "set", "lo", "up"]);
};

/**
 * Makes the playground's bridge, in a network namespace of its own so that no packet filter of this
 * machine sees its frames, and this machine's link to it. Resolves to false when the name of that
 * link is taken, by another playground for example. What exists already is left as it is.
 */
export const addSwitch = async (plan: PlaygroundPlan): Promise<boolean> => {
  const ns = plan.switchNetns;
  if (netnsExists(ns)) return true;
  await addNetns(ns);
  const link = ["link", "add", plan.uplink, "type", "veth", "peer", "name", "uplink", "netns", ns];
  if (!(await succeeds("ip", link))) {
    await run("ip", ["netns", "delete", ns]);
    return false;
  }
  await run("ip", ["-n", ns, "link", "add", BRIDGE, "type", "bridge", "forward_delay", "0"]);
  await run("ip", ["-n", ns, "link", "set", BRIDGE, "up"]);
  await run("ip", ["-n", ns, "link", "set", "uplink", "master", BRIDGE, "up"]);
  await run("ip", ["address", "add", `${plan.gateway}/${plan.prefix}`, "dev", plan.uplink]);
  await run("ip", ["link", "set", plan.uplink, "up"]);
  return true;
};

/** A hardware address that stays the same when the host is made anew: neighbours keep knowing it. */
const hardwareAddress = (host: HostPlan): string =>
  `02:53:4b:${[16, 8, 0].map((shift) => ((host.index >> shift) & 255).toString(16).padStart(2, "0")).join(":")}`;

/** Makes the host's network namespace and connects it. What exists already is left as it is. */
export const addHostNetwork = async (plan: PlaygroundPlan, host: HostPlan): Promise<void> => {
  if (netnsExists(host.netns)) return;
  const { netns, name } = host;
  await addNetns(netns);
  const peer = ["peer", "name", "eth0", "address", hardwareAddress(host), "netns", netns];
  await run("ip", ["-n", plan.switchNetns, "link", "add", name, "type", "veth", ...peer]);
  await run("ip", ["-n", plan.switchNetns, "link", "set", name, "master", BRIDGE, "up"]);
  await run("ip", ["-n", netns, "address", "add", `${host.address}/${plan.prefix}`, "dev", "eth0"]);
  await run("ip", ["-n", netns, "link", "set", "eth0", "up"]);
  await run("ip", ["-n", netns, "route", "add", "default", "via", plan.gateway]);
};

/** Takes the host's cable out of the bridge: from now on its packets vanish, without an error. */
export const cutHost = async (plan: PlaygroundPlan, host: HostPlan): Promise<void> => {
  await run("ip", ["-n", plan.switchNetns, "link", "set", host.name, "nomaster"]);
};

/** Puts the host's cable back. */
export const healHost = async (plan: PlaygroundPlan, host: HostPlan): Promise<void> => {
  await run("ip", ["-n", plan.switchNetns, "link", "set", host.name, "master", BRIDGE]);
};

/** True when the host's cable is out of the bridge. */
export const isCut = async (plan: PlaygroundPlan, host: HostPlan): Promise<boolean> => {
  if (!netnsExists(plan.switchNetns) || !netnsExists(host.netns)) return false;
  const text = await run("ip", ["-n", plan.switchNetns, "link", "show", "dev", host.name]);
  return !text.includes(` master ${BRIDGE} `);
};

/** Removes the host's network namespace; its end in the bridge vanishes with it. */
export const removeHostNetwork = async (plan: PlaygroundPlan, host: HostPlan): Promise<void> => {
  if (!netnsExists(host.netns)) return;
  // Deleting the near end now, for a namespace goes only after its last process has gone.
  await succeeds("ip", ["-n", plan.switchNetns, "link", "delete", host.name]);
  await run("ip", ["netns", "delete", host.netns]);
};

/** True when the playground's uplink was made. */
const ownsUplink = (switchNetns: string): Promise<boolean> =>
  succeeds("ip", ["-n", switchNetns, "link", "show", "dev", "uplink"]);

/** Removes the playground's network namespaces and waits until the links into them have gone, too. */
export const removeNetns = async (
  names: readonly string[],
  plan: PlaygroundPlan | undefined,
): Promise<void> => {
  // A plan is kept before its uplink is made: after a crash in between, that name may be another's.
  const uplink =
    plan !== undefined && names.includes(plan.switchNetns) && (await ownsUplink(plan.switchNetns))
      ? plan.uplink
      : undefined;
  for (const name of names) await run("ip", ["netns", "delete", name]);
  if (uplink === undefined) return;
  const gone = await waitFor(() => !linkExists(uplink), VANISH_MS);
  if (!gone) throw new OperationError("internal", `the interface ${uplink} does not go away`);
};
