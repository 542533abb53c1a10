import { OperationError } from "@skein/base";
import type { Cluster, Subnet } from "@skein/model";
import { formatAddress, formatSubnet, overlaps, parseSubnet, sizeOf } from "@skein/model";
import type { View } from "@skein/store";

/** VXLAN network identifiers are taken from here, as in the reference (behaviour.md, 17.5). */
const VNI_MIN = 4096;
const VNI_MAX = 16_777_215;

/** Every subnet that the cluster's networks have. */
export const subnetsInUse = (view: View): readonly Subnet[] =>
  [...view.all("networks").values()].flatMap(({ subnets }) =>
    subnets.flatMap(({ subnet }) => parseSubnet(subnet) ?? []),
  );

/** The first subnet of the cluster's pools that overlaps none in use; refuses when there is none. */
export const chooseSubnet = (view: View, cluster: Cluster): string => {
  const used = subnetsInUse(view);
  for (const text of cluster.defaultAddrPool) {
    const pool = parseSubnet(text);
    if (!pool || pool.prefix > cluster.subnetSize) continue;
    const size = sizeOf({ base: pool.base, prefix: cluster.subnetSize });
    const count = sizeOf(pool) / size;
    for (let index = 0n; index < count; index += 1n) {
      const base = { bits: pool.base.bits, value: pool.base.value + index * size };
      const candidate = { base, prefix: cluster.subnetSize };
      if (!used.some((other) => overlaps(other, candidate))) return formatSubnet(candidate);
    }
  }
  throw new OperationError(
    "failed-precondition",
    "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network",
    { rpc: true },
  );
};

/** The first usable address of a subnet: Docker's choice for the gateway. */
export const firstAddress = ({ base }: Subnet): string =>
  formatAddress({ bits: base.bits, value: base.value + 1n });

/** The identifier after the highest in use, or the lowest free one when that was the last. */
export const chooseVni = (view: View): number => {
  const used = new Set([...view.all("networks").values()].map(({ vni }) => vni));
  const highest = Math.max(VNI_MIN - 1, ...used);
  if (highest < VNI_MAX) return highest + 1;
  for (let vni = VNI_MIN; vni <= VNI_MAX; vni += 1) if (!used.has(vni)) return vni;
  throw new OperationError("failed-precondition", "no VXLAN network identifier is left", {
    rpc: true,
  });
};
