import type { LiveNetwork } from "./tables/live-network.ts";
import type { Family } from "./addresses.ts";
import { familyOf } from "./addresses.ts";
import { forwardRules } from "./forward-rules.ts";
import type { BridgePort, KernelState } from "./kernel-state.ts";
import { LiveState } from "./live-state.ts";
import { bridgeName } from "./names.ts";
import { EncryptionUnit } from "./plan-encryption.ts";
import type { PlanInput } from "./stale-units.ts";
import { StaleUnits } from "./stale-units.ts";
import type { Touched } from "./touched.ts";

const HOST_UNIT = "host";

const familiesOf = (networks: Iterable<LiveNetwork>): ReadonlySet<Family> => {
  const families = new Set<Family>();
  for (const { head } of networks)
    for (const { gateway } of head.subnets) families.add(familyOf(gateway));
  return families;
};

/**
 * Keeps the wanted state of the kernel up with the tables. The state depends on nothing but what the last round
 * was given; what a round costs depends on what changed since the one before.
 */
export class Planner {
  readonly #live = new LiveState();
  readonly #stale = new StaleUnits();
  readonly #ports = new Set<string>();
  readonly #encryption = new EncryptionUnit();

  /** The complete wanted state. It changes in place with the next round. */
  get state(): KernelState {
    return this.#live.state;
  }

  /** Plans anew what depends on these entries of the tables, and on what else is not as in the last round. */
  update(input: PlanInput, touched: Iterable<string>): void {
    for (const [unit, write] of this.#stale.find(input, touched)) this.#live.replace(unit, write);
    this.#encryption.update(this.#live, input);
    this.#planHost(input.usable);
    this.#planPorts(input.facts.ports, input.usable);
  }

  /** What is different since the last call; undefined: compare everything. */
  take(): Touched | undefined {
    return this.#live.take();
  }

  #planHost(networks: readonly LiveNetwork[]): void {
    const families = familiesOf(networks);
    this.#live.replace(HOST_UNIT, (builder) => {
      if (families.has("ip")) builder.setSysctl("net/ipv4/ip_forward", "1");
      if (families.has("ip6")) builder.setSysctl("net/ipv6/conf/all/forwarding", "1");
    });
    const rules = forwardRules(networks.map(({ head }) => bridgeName(head.id)));
    this.#live.setFamilies(families, rules, this.#encryption.families);
  }

  /** Containers' ends in our bridges. */
  #planPorts(ports: ReadonlyMap<string, BridgePort>, networks: readonly LiveNetwork[]): void {
    const bridges = new Set(networks.map(({ head }) => bridgeName(head.id)));
    for (const name of new Set([...this.#ports, ...ports.keys()])) {
      const port = ports.get(name);
      const isOurs = port?.bridge !== undefined && bridges.has(port.bridge);
      if (isOurs) this.#ports.add(name);
      else this.#ports.delete(name);
      this.#live.replace(`bridge-port/${name}`, (builder) => {
        if (port && isOurs) builder.addPort(name, { ...port, hairpin: true });
      });
    }
  }
}
