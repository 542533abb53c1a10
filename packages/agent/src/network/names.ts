/** Interfaces whose names begin so are ours: bridges of networks on this node. */
export const BRIDGE_PREFIX = "sk-";

/** Interfaces whose names begin so are ours: the VXLAN ports of those bridges. */
export const VXLAN_PREFIX = "skx-";

/** Characters of a network's id in its interfaces' names: IFNAMSIZ leaves 15 in all. */
const ID_CHARACTERS = 10;

/** Name of a network's bridge on every node: the engine's bridge network uses it too. */
export const bridgeName = (networkId: string): string =>
  `${BRIDGE_PREFIX}${networkId.slice(0, ID_CHARACTERS)}`;

/** Name of the port that joins a network's bridge to those of the other nodes. */
export const vxlanName = (networkId: string): string =>
  `${VXLAN_PREFIX}${networkId.slice(0, ID_CHARACTERS)}`;
