import type { NetworkEndpoint, NetworkTable } from "@skein/model";
import { canonical, familyOf, rawAddress } from "./addresses.ts";
import { bridgeName } from "./names.ts";
import { vipChoice } from "./ruleset.ts";
import type { StateBuilder } from "./state-builder.ts";

/** The tasks of each service to which traffic may go, in an order that all nodes share. */
export const activeTasks = (
  network: NetworkTable,
): ReadonlyMap<string, readonly NetworkEndpoint[]> => {
  const byService = new Map<string, NetworkEndpoint[]>();
  for (const endpoint of network.endpoints) {
    if (!endpoint.active || endpoint.serviceId === undefined) continue;
    const tasks = byService.get(endpoint.serviceId);
    if (tasks) tasks.push(endpoint);
    else byService.set(endpoint.serviceId, [endpoint]);
  }
  for (const tasks of byService.values()) tasks.sort((a, b) => (a.id < b.id ? -1 : 1));
  return byService;
};

/** The VIPs of a network: addresses of the node itself, whose connections are led to tasks. */
export const planVips = (builder: StateBuilder, network: NetworkTable): void => {
  const device = bridgeName(network.id);
  const tasks = activeTasks(network);
  for (const service of network.services)
    for (const [index, text] of service.vips.entries()) {
      const vip = canonical(text);
      const family = familyOf(vip);
      const table = builder[family];
      builder.addVip({ device, address: vip });
      table.add("vip_addresses", vip);
      builder.hold(vip);
      if (family === "ip") builder.bridge.add("vip_addresses", vip);
      else builder.bridge.add("vip_addresses6", rawAddress(vip));
      const backends = (tasks.get(service.id) ?? []).flatMap(
        ({ addresses }) => addresses[index] ?? [],
      );
      if (backends.length === 0) continue;
      table.add("vips", `"${device}" . ${vip}`, table.choose(vipChoice(family, backends.length)));
      for (const [slot, backend] of backends.entries())
        table.add("backends", `${vip} . ${slot}`, canonical(backend));
    }
};
