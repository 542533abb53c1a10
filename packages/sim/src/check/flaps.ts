import type { Host } from "../host.ts";
import type { World } from "../world.ts";

/** How often it is looked whether hosts are well, in ms. */
const LOOK_MS = 500;
/** A host that has been well for so long must not be taken for dead, whoever leads, in ms. */
const WELL_MS = 60_000;

/** Watches that nodes which are well do not go down: their tasks would be started elsewhere. */
export class Flaps {
  readonly #world: World;
  readonly #hosts: ReadonlyMap<string, Host>;
  /** Since when a host has been well, in virtual ms. */
  readonly #wellSince = new Map<Host, number>();

  constructor(world: World, hosts: ReadonlyMap<string, Host>) {
    this.#world = world;
    this.#hosts = hosts;
    this.#look();
  }

  /** A node was recorded as down. */
  down(nodeId: string): void {
    const host = [...this.#hosts.values()].find((one) => one.nodeId === nodeId);
    if (!host) return;
    const since = Math.max(host.troubledAt, this.#wellSince.get(host) ?? this.#world.now);
    const wellFor = this.#world.now - since;
    if (host.isWell && wellFor > WELL_MS)
      this.#world.violated(
        `${host.name} was taken for dead, and was well for ${Math.round(wellFor / 1000)} s`,
      );
  }

  #look(): void {
    for (const host of this.#hosts.values())
      if (!host.isWell) this.#wellSince.delete(host);
      else if (!this.#wellSince.has(host)) this.#wellSince.set(host, this.#world.now);
    this.#world.after(LOOK_MS, () => this.#look());
  }
}
