import { OperationError } from "@skein/base";
import { theCluster, withKnownRoot, withRotation } from "@skein/manager";
import type { RootCa } from "@skein/model";
import { nextRoot } from "../certificates.ts";
import type { Cluster } from "../cluster.ts";
import { between, chance } from "../draw.ts";

/** Rotates the root of a cluster. */
export class Rotations {
  readonly #cluster: Cluster;
  #made = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Rotates to a new root; one that goes on is given up. Rejects as the store does. */
  async rotate(): Promise<void> {
    this.#made += 1;
    const name = `root${this.#made}`;
    await this.#change((rootCa) => withRotation(rootCa, nextRoot(name, rootCa)));
  }

  /** Goes back to the present root if another one is to take its place. */
  async giveUp(): Promise<void> {
    await this.#change((rootCa) => withKnownRoot(rootCa, rootCa) ?? rootCa);
  }

  /** Rotates now and then, and thinks better of it now and then, for as long as `going` says. */
  keepRotating(meanMs: number, going: () => boolean): void {
    const { world } = this.#cluster;
    const random = world.random.fork("rotations");
    const act = (): void => {
      if (!going()) return;
      const acting = chance(random, 0.2) ? this.giveUp() : this.rotate();
      acting.catch(() => {
        // The manager was away, or its disk refused.
      });
      world.after(between(random, 0, 2 * meanMs), act);
    };
    world.after(between(random, 0, 2 * meanMs), act);
  }

  async #change(change: (rootCa: RootCa) => RootCa): Promise<void> {
    const { store } = this.#cluster.leader;
    if (!store) throw new OperationError("unavailable", "there is no manager");
    await store.transact((tx) => {
      const cluster = theCluster(tx);
      tx.put("clusters", { ...cluster, rootCa: change(cluster.rootCa) });
    });
  }
}

/** What of a rotation is not done yet, as far as these machines are concerned. */
export const unrotated = (cluster: Cluster): string | undefined => {
  const { store } = cluster.leader;
  if (!store) return "there is no manager";
  const { rotation, certificate } = theCluster(store.view).rootCa;
  if (rotation) {
    const behind = [...store.view.all("nodes").values()].find(
      (node) => node.description?.TLSInfo.CertIssuerPublicKey !== rotation.issuer.publicKey,
    );
    return `node ${behind?.id ?? ""} (${behind?.status.state ?? ""}) is not at ${rotation.issuer.publicKey}`;
  }
  for (const { name, certificates } of cluster.hosts.values())
    if (certificates.stored.roots !== certificate)
      return `${name} trusts ${certificates.stored.roots.trim()}, not ${certificate.trim()}`;
  return undefined;
};
