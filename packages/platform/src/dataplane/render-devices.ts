import type {
  Bridge,
  BridgePort,
  Change,
  DeviceAddress,
  FloodEntry,
  ForwardingEntry,
  KernelChanges,
  Neighbour,
  Vxlan,
} from "@skein/agent";
import { isReplaced } from "@skein/agent";

/** Marks our routes among those of the table `local`. No routing daemon has this number. */
export const ROUTE_PROTOCOL = "83";

/** In a VXLAN port's table: where broadcasts and frames to unknown addresses go. */
export const FLOOD_MAC = "00:00:00:00:00:00";

const onOff = (value: boolean): string => (value ? "on" : "off");
const bit = (value: boolean): string => (value ? "1" : "0");
const isIp6 = (address: string): boolean => address.includes(":");

const renderBridge = ({ key, was, now }: Change<Bridge>): readonly string[] => {
  if (!now) return [`link del dev ${key}`];
  const flags = `mcast_snooping ${bit(now.multicastSnooping)} nf_call_iptables ${bit(now.filtersIp)} nf_call_ip6tables ${bit(now.filtersIp6)}`;
  return [
    ...(was ? [] : [`link add name ${key} type bridge`]),
    `link set dev ${key} type bridge ${flags}`,
    // Only when it differs: the kernel forgets the bridge's neighbours each time.
    ...(was?.mac === now.mac ? [] : [`link set dev ${key} address ${now.mac}`]),
    `link set dev ${key} mtu ${now.mtu} ${now.up ? "up" : "down"}`,
  ];
};

const renderVxlan = (change: Change<Vxlan>): readonly string[] => {
  const { key, was, now } = change;
  if (!now) return [`link del dev ${key}`];
  const learning = now.learning ? "learning" : "nolearning";
  const make = `link add name ${key} mtu ${now.mtu} type vxlan id ${now.vni} dstport ${now.port} local ${now.local} ${learning}`;
  const isNew = !was || isReplaced(change);
  return [
    ...(was && isNew ? [`link del dev ${key}`] : []),
    ...(isNew ? [make] : []),
    // The port has no addresses of its own.
    `link set dev ${key} addrgenmode none mtu ${now.mtu}`,
    ...(now.bridge === undefined
      ? [`link set dev ${key} nomaster`]
      : [
          `link set dev ${key} master ${now.bridge}`,
          `link set dev ${key} type bridge_slave neigh_suppress ${onOff(now.suppressesNeighbours)}`,
        ]),
    `link set dev ${key} ${now.up ? "up" : "down"}`,
  ];
};

const renderPort = ({ key, was, now }: Change<BridgePort>): readonly string[] => {
  if (now?.bridge === undefined) return [];
  return [
    ...(was?.bridge === now.bridge ? [] : [`link set dev ${key} master ${now.bridge} up`]),
    `link set dev ${key} type bridge_slave hairpin ${onOff(now.hairpin)}`,
  ];
};

const renderAddress = ({ was, now }: Change<DeviceAddress>): string => {
  const { device, address } = now ?? was ?? { device: "", address: "" };
  const quick = isIp6(address) && now ? " nodad" : "";
  return `address ${now ? "replace" : "del"} ${address} dev ${device}${quick}`;
};

/**
 * The node takes the address as its own, without having it on the interface: Podman's CNI puts up with
 * no second address there. Who asks for it is answered for IPv4 therefore; IPv6 wants a proxy for it.
 */
const renderVip = ({ was, now }: Change<DeviceAddress>): readonly string[] => {
  const { device, address } = now ?? was ?? { device: "", address: "" };
  const verb = now ? "replace" : "del";
  const length = isIp6(address) ? 128 : 32;
  return [
    `route ${verb} local ${address}/${length} dev ${device} table local proto ${ROUTE_PROTOCOL}`,
    ...(isIp6(address) ? [`neighbour ${verb} proxy ${address} dev ${device}`] : []),
  ];
};

const renderNeighbour = ({ was, now }: Change<Neighbour>): string =>
  now
    ? `neighbour replace ${now.address} lladdr ${now.mac} dev ${now.device} nud permanent`
    : `neighbour del ${was?.address} dev ${was?.device}`;

const renderFlood = ({ was, now }: Change<FloodEntry>): string => {
  const { device, destination } = now ?? was ?? { device: "", destination: "" };
  return `fdb ${now ? "append" : "del"} ${FLOOD_MAC} dev ${device} dst ${destination} self`;
};

const renderForwarding = ({ was, now }: Change<ForwardingEntry>): readonly string[] => {
  if (now)
    return [
      `fdb replace ${now.mac} dev ${now.device} dst ${now.destination} self static`,
      `fdb replace ${now.mac} dev ${now.device} master static`,
    ];
  if (!was) return [];
  return [
    ...(was.destination === undefined
      ? []
      : [`fdb del ${was.mac} dev ${was.device} dst ${was.destination} self`]),
    ...(was.bridged ? [`fdb del ${was.mac} dev ${was.device} master`] : []),
  ];
};

/** Commands for `ip -batch` and `bridge -batch`, in the order in which they are to be given. */
export interface DeviceCommands {
  /** `ip`: interfaces. Those that go come first: new ones may need their numbers. */
  readonly links: readonly string[];
  /** `ip`: addresses and neighbours that come. */
  readonly additions: readonly string[];
  /** `bridge`: forwarding entries that come. */
  readonly forwarding: readonly string[];
  /** `ip`: addresses and neighbours that go. */
  readonly removals: readonly string[];
  /** `bridge`: forwarding entries that go. */
  readonly forgetting: readonly string[];
}

/** Splits into what goes and what comes or changes. */
const split = <V>(
  changes: readonly Change<V>[],
): { readonly go: readonly Change<V>[]; readonly come: readonly Change<V>[] } => ({
  go: changes.filter(({ now }) => now === undefined),
  come: changes.filter(({ now }) => now !== undefined),
});

/** The commands that make the changes of interfaces and of what lies on them. */
export const renderDevices = (changes: KernelChanges): DeviceCommands => {
  const bridges = split(changes.bridges);
  const vxlans = split(changes.vxlans);
  const addresses = split(changes.addresses);
  const vips = split(changes.vips);
  const neighbours = split(changes.neighbours);
  const forwarding = split(changes.forwarding);
  const flood = split(changes.flood);
  return {
    links: [
      ...vxlans.go.flatMap(renderVxlan),
      ...bridges.go.flatMap(renderBridge),
      ...bridges.come.flatMap(renderBridge),
      ...vxlans.come.flatMap(renderVxlan),
      ...changes.ports.flatMap(renderPort),
    ],
    additions: [
      ...addresses.come.map(renderAddress),
      ...vips.come.flatMap(renderVip),
      ...neighbours.come.map(renderNeighbour),
    ],
    forwarding: [...flood.come.map(renderFlood), ...forwarding.come.flatMap(renderForwarding)],
    removals: [
      ...neighbours.go.map(renderNeighbour),
      ...vips.go.flatMap(renderVip),
      ...addresses.go.map(renderAddress),
    ],
    forgetting: [...forwarding.go.flatMap(renderForwarding), ...flood.go.map(renderFlood)],
  };
};
