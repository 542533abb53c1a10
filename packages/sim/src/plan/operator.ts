import type { Random } from "@skein/base";
import { messageOf, OperationError } from "@skein/base";
import type { Service } from "@skein/wire";
import type { Cluster } from "../cluster.ts";
import type { Entrance } from "../manager/entrance.ts";
import { between, chance, pick, weighted } from "../draw.ts";
import { comesToRest, drawService, redrawService } from "./service-specs.ts";

const MOST_SERVICES = 8;

/** People at work: every few seconds one of them asks for something. */
export class Operator {
  readonly #cluster: Cluster;
  readonly #random: Random;
  readonly #mostNodes: number;
  #working = true;
  #names = 0;
  #revision = 0;

  constructor(cluster: Cluster, nodes: number) {
    this.#cluster = cluster;
    this.#random = cluster.world.random.fork("operator");
    this.#mostNodes = nodes + 2;
  }

  /** Begins to work. */
  start(): void {
    const pause = between(this.#random, 500, 12_000);
    this.#cluster.world.after(pause, () => {
      if (!this.#working) return;
      this.#attempt(() => this.#act());
      this.start();
    });
  }

  /** Stops, leaving only services behind that can come to rest, and most nodes active. */
  async finish(): Promise<void> {
    this.#working = false;
    await this.#insist(async (control) => {
      for (const service of await this.#services(control)) {
        if (!comesToRest(service.Spec)) await this.#removeService(control, service);
      }
    });
    const { nodeIds, quorum } = this.#cluster.managers;
    const resting = new Set(quorum ? [] : nodeIds);
    await this.#insist(async (control) => {
      for (const { ID, Spec, Version } of await control.nodes.list({ filters: {} })) {
        if (resting.has(ID) || chance(this.#random, 0.2)) continue;
        const spec = { ...Spec, Availability: "active" } as const;
        await control.nodes.update({ ref: ID, version: Version.Index ?? 0, spec });
        resting.add(ID);
      }
    });
  }

  /** Tries until it is done: somebody else may have changed the same object. */
  async #insist(act: (control: Entrance) => Promise<void>): Promise<void> {
    const { world } = this.#cluster;
    for (;;) {
      try {
        const control = this.#cluster.entrance(this.#random);
        if (control) return await act(control);
      } catch (error) {
        if (!(error instanceof OperationError)) throw error;
      }
      await new Promise<void>((resolve) => void world.after(500, resolve));
    }
  }

  #attempt(act: () => Promise<void>): void {
    act().catch((error: unknown) => {
      const { world } = this.#cluster;
      const expected = error instanceof OperationError;
      world.trace.note(world.now, `operator: ${messageOf(error)}`);
      if (!expected) world.violated(`operator got an unexpected error: ${messageOf(error)}`);
    });
  }

  #act(): Promise<void> {
    const control = this.#cluster.entrance(this.#random);
    if (!control) return Promise.resolve();
    switch (
      weighted(this.#random, {
        create: 5,
        update: 7,
        scale: 5,
        rollback: 2,
        remove: 2,
        availability: 4,
        label: 3,
        secret: 1,
        config: 2,
        "remove-node": 1,
        join: 1,
      })
    ) {
      case "create":
        return this.#create(control);
      case "update":
        return this.#update(control, "");
      case "rollback":
        return this.#update(control, "previous");
      case "scale":
        return this.#scale(control);
      case "remove":
        return this.#remove(control);
      case "availability":
      case "label":
        return this.#updateNode(control);
      case "secret":
        return this.#createSecret(control);
      case "config":
        return this.#createConfig(control);
      case "remove-node":
        return this.#removeNode(control);
      case "join":
        return this.#join();
    }
  }

  #name(kind: string): string {
    this.#names += 1;
    return `${kind}${this.#names}`;
  }

  async #services(control: Entrance): Promise<readonly Service[]> {
    return await control.services.list({ filters: {}, status: false });
  }

  async #create(control: Entrance): Promise<void> {
    if ((await this.#services(control)).length >= MOST_SERVICES) return;
    const secret = pick(this.#random, await control.secrets.list({ filters: {} }));
    const spec = drawService(
      this.#random,
      this.#name("service"),
      secret && { id: secret.ID, name: secret.Spec.Name ?? "" },
    );
    const { ID } = await control.services.create({ spec, registryAuth: "" });
    this.#cluster.acknowledged.created("services", ID);
  }

  async #update(control: Entrance, rollback: string): Promise<void> {
    const service = pick(this.#random, await this.#services(control));
    if (!service) return;
    const spec = redrawService(this.#random, service.Spec);
    await this.#write(control, service, spec, rollback);
  }

  async #scale(control: Entrance): Promise<void> {
    const services = await this.#services(control);
    const service = pick(
      this.#random,
      services.filter(({ Spec }) => Spec.Mode.Replicated !== undefined),
    );
    if (!service) return;
    const Replicated = { Replicas: this.#random.integer(10) };
    await this.#write(control, service, { ...service.Spec, Mode: { Replicated } }, "");
  }

  async #write(
    control: Entrance,
    service: Service,
    spec: Service["Spec"],
    rollback: string,
  ): Promise<void> {
    await control.services.update({
      ref: service.ID,
      version: service.Version.Index ?? 0,
      spec,
      registryAuth: "",
      registryAuthFrom: "spec",
      rollback,
    });
  }

  async #remove(control: Entrance): Promise<void> {
    const service = pick(this.#random, await this.#services(control));
    if (service) await this.#removeService(control, service);
  }

  async #removeService(control: Entrance, { ID }: Service): Promise<void> {
    this.#cluster.acknowledged.removing(ID);
    await control.services.remove({ ref: ID });
    this.#cluster.acknowledged.removed("services", ID);
  }

  async #updateNode(control: Entrance): Promise<void> {
    const { nodeIds, quorum } = this.#cluster.managers;
    const nodes = await control.nodes.list({ filters: {} });
    const node = pick(
      this.#random,
      nodes.filter(({ ID }) => quorum !== undefined || !nodeIds.has(ID)),
    );
    if (!node) return;
    const Availability = weighted(this.#random, { active: 6, drain: 2, pause: 1 });
    this.#revision += 1;
    const revision = this.#revision;
    const zone = chance(this.#random, 0.5)
      ? String(this.#random.integer(3))
      : (node.Spec.Labels["zone"] ?? "");
    const Labels = { zone, revision: String(revision) };
    const spec = { ...node.Spec, Labels, ...(chance(this.#random, 0.5) ? { Availability } : {}) };
    await control.nodes.update({ ref: node.ID, version: node.Version.Index ?? 0, spec });
    if (this.#working) this.#cluster.acknowledged.labelled(node.ID, revision);
  }

  async #createSecret(control: Entrance): Promise<void> {
    const Name = this.#name("secret");
    const { ID } = await control.secrets.create({ spec: { Name, Labels: {}, Data: "c2VjcmV0" } });
    this.#cluster.acknowledged.created("secrets", ID);
  }

  async #createConfig(control: Entrance): Promise<void> {
    const Name = this.#name("config");
    const { ID } = await control.configs.create({ spec: { Name, Labels: {}, Data: "Y29uZmln" } });
    this.#cluster.acknowledged.created("configs", ID);
  }

  async #removeNode(control: Entrance): Promise<void> {
    if (this.#cluster.hosts.size < 3) return;
    const nodes = await control.nodes.list({ filters: {} });
    const { nodeIds } = this.#cluster.managers;
    const down = nodes.filter(({ ID, Status }) => !nodeIds.has(ID) && Status.State === "down");
    const node = pick(this.#random, down);
    if (!node) return;
    this.#cluster.acknowledged.removing(node.ID);
    this.#cluster.wipe(node.ID);
    await control.nodes.remove({ ref: node.ID, force: false });
    this.#cluster.acknowledged.removed("nodes", node.ID);
  }

  async #join(): Promise<void> {
    if (this.#cluster.hosts.size < this.#mostNodes) await this.#cluster.join();
  }
}
