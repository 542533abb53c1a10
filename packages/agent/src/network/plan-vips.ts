import type { NetworkEndpoint, NetworkService } from "@skein/model";
import { canonical, familyOf, rawAddress } from "./addresses.ts";
import { bridgeName } from "./names.ts";
import { vipChoice } from "./ruleset.ts";
import type { StateBuilder } from "./state-builder.ts";

/** A service's VIPs on a network: addresses of the node itself, whose connections are led to its tasks. */
export const planVips = (
  builder: StateBuilder,
  networkId: string,
  {
    service,
    tasks,
  }: { readonly service: NetworkService; readonly tasks: readonly NetworkEndpoint[] },
): void => {
  const device = bridgeName(networkId);
  for (const [index, text] of service.vips.entries()) {
    const vip = canonical(text);
    const family = familyOf(vip);
    const table = builder[family];
    builder.addVip({ device, address: vip });
    table.add("vip_addresses", vip);
    builder.hold(vip);
    if (family === "ip") builder.bridge.add("vip_addresses", vip);
    else builder.bridge.add("vip_addresses6", rawAddress(vip));
    const backends = tasks.flatMap(({ addresses }) => addresses[index] ?? []);
    if (backends.length === 0) continue;
    table.add("vips", `"${device}" . ${vip}`, table.choose(vipChoice(family, backends.length)));
    for (const [slot, backend] of backends.entries())
      table.add("backends", `${vip} . ${slot}`, canonical(backend));
  }
};
