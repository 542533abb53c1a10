import type { AttachedInterface, Attachment } from "@skein/agent";
import { BRIDGE_PREFIX } from "@skein/agent";
import { OperationError } from "@skein/base";
import type { Programs } from "./programs.ts";
import type { IpLink } from "./read-devices.ts";

interface RouteJson {
  readonly gateway?: string;
  readonly dev?: string;
}

/** The container's interfaces whose other end is in one of our bridges. */
export const matchInterfaces = (
  inside: readonly IpLink[],
  outside: readonly IpLink[],
): readonly AttachedInterface[] => {
  const byIndex = new Map(outside.map((link) => [link.ifindex, link]));
  return inside.flatMap(({ ifname: name, address: mac, link_index: index }) => {
    const { ifname: port, master: bridge } = byIndex.get(index) ?? {};
    const isOurs = bridge?.startsWith(BRIDGE_PREFIX) === true;
    return isOurs && name !== undefined && port !== undefined && mac !== undefined
      ? [{ name, port, bridge, mac }]
      : [];
  });
};

/** Commands for `ip -batch` in the container that leave it one default route, by the gateway. */
export const renderGateway = (routes: readonly RouteJson[], gateway: string): readonly string[] => {
  const others = routes.filter((route) => route.gateway !== gateway);
  return [
    ...others.map(
      (route) =>
        `route del default${route.gateway === undefined ? "" : ` via ${route.gateway}`} dev ${route.dev}`,
    ),
    ...(others.length < routes.length ? [] : [`route add default via ${gateway}`]),
  ];
};

const setGateway = async (programs: Programs, gateway: string): Promise<void> => {
  const family = gateway.includes(":") ? "-6" : "-4";
  const routes = await programs.readJson("ip", ["-json", family, "route", "show", "default"]);
  const commands = renderGateway(routes as readonly RouteJson[], gateway);
  if (commands.length === 0) return;
  const { code, stderr } = await programs.run(
    "ip",
    [family, "-force", "-batch", "-"],
    `${commands.join("\n")}\n`,
  );
  if (code !== 0)
    throw new OperationError("unavailable", `default route by ${gateway}: ${stderr.trim()}`);
};

/** See Dataplane.attach. Rejects (kind `unavailable`) when the container is gone. */
export const attachContainer = async (
  programs: Programs,
  { pid, gateways }: Attachment,
): Promise<readonly AttachedInterface[]> => {
  const within = programs.inNamespace(`/proc/${pid}/ns/net`);
  const args = ["-json", "-details", "link", "show"];
  const [inside, outside] = await Promise.all([
    within.readJson("ip", args),
    programs.readJson("ip", args),
  ]);
  const interfaces = matchInterfaces(inside as readonly IpLink[], outside as readonly IpLink[]);
  if (interfaces.length === 0) return [];
  const commands = interfaces.map(
    ({ port }) => `link set dev ${port} type bridge_slave hairpin on\n`,
  );
  const { code, stderr } = await programs.run("ip", ["-batch", "-"], commands.join(""));
  if (code !== 0) throw new OperationError("unavailable", `bridge ports: ${stderr.trim()}`);
  for (const gateway of gateways) await setGateway(within, gateway);
  return interfaces;
};
