import type { Clock, Logger } from "@skein/base";
import { deepEqual, messageOf, OperationError } from "@skein/base";
import type { DownMessage, RefusedPlace, UpMessage, WantedAttachment } from "@skein/model";
import type { Network } from "@skein/wire";
import { AUDIT_INTERVAL_MS } from "../limits.ts";
import { isAborted, linkAbort, pause, withTimeout } from "../shared/cancel.ts";
import { SignalBox } from "../shared/signal-box.ts";
import { ContainerNames } from "./names.ts";
import type {
  ContainerPlace,
  KnownPlaces,
  NameRedirection,
  PlainContainer,
  PlainContainers,
} from "./ports.ts";
import { wantedOf, withHolds } from "./wanted.ts";
import { Rounds } from "../shared/rounds.ts";

/** How long a manager may take to answer, and a node to bring a network, in ms (behaviour.md, 17.11). */
const PATIENCE_MS = 20_000;

/** What managers answer. */
export type AttachmentMessage = Extract<
  DownMessage,
  { type: "attachments-applied" | "network-found" }
>;

export interface AttachmentsDependencies {
  readonly engine: PlainContainers;
  readonly networks: KnownPlaces;
  readonly redirection: NameRedirection;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The places of a container, or the first that the managers refused. */
export type Held =
  | { readonly places: readonly ContainerPlace[] }
  | { readonly refused: RefusedPlace };

const hasAddresses = ({ endpoint }: ContainerPlace, addresses: readonly string[]): boolean =>
  [endpoint.ipv4, endpoint.ipv6].every(
    (address) => address === undefined || addresses.includes(address),
  );

const usesOneOf = ({ places: used }: PlainContainer, places: readonly ContainerPlace[]): boolean =>
  used.some(({ networkId, addresses }) =>
    places.some((place) => place.networkId === networkId && hasAddresses(place, addresses)),
  );

interface Sent {
  readonly revision: number;
  readonly containers: readonly WantedAttachment[];
}

const noManager = (): OperationError =>
  new OperationError(
    "unavailable",
    "no manager answers: this node cannot ask for addresses on the cluster's networks now",
  );

/**
 * Containers outside of services on this node's networks. Level-triggered: the managers are told which
 * containers need which addresses, completely, whenever that differs from what they were told, and in
 * each session anew. So whatever crashes, addresses of containers that are gone come back, and
 * containers that live keep theirs.
 */
export class Attachments {
  readonly #deps: AttachmentsDependencies;
  /** As the engine has them; undefined until it was asked. */
  #containers: readonly PlainContainer[] | undefined;
  readonly #holds = new Map<string, WantedAttachment>();
  /** What those that are held were given. */
  readonly #given = new Map<string, readonly ContainerPlace[]>();
  #send: ((message: UpMessage) => void) | undefined;
  #sent: Sent | undefined;
  #revision = 0;
  #applied = 0;
  #refused: readonly RefusedPlace[] = [];
  readonly #questions = new Map<number, (network: Network | undefined) => void>();
  #question = 0;
  readonly #look = new SignalBox();
  /** Managers answered, or the session ended. */
  readonly #answers = new Rounds();
  #looking: Promise<unknown> = Promise.resolve();

  readonly #names: ContainerNames;

  constructor(dependencies: AttachmentsDependencies) {
    this.#deps = dependencies;
    this.#names = new ContainerNames(dependencies.redirection, dependencies.networks);
  }

  /** Something happened to a container. */
  lookSoon(): void {
    this.#look.ring();
  }

  /** Compares with the engine when something happened, and regularly, until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#deps;
    while (!signal.aborted) {
      await this.#lookAtEngine(signal).catch((error: unknown) => {
        if (!isAborted(signal)) logger.debug("containers not listed", { error: messageOf(error) });
      });
      await this.#repair(signal).catch((error: unknown) => {
        if (!isAborted(signal)) logger.warn("container not moved", { error: messageOf(error) });
      });
      await this.#answerNames(signal);
      const link = linkAbort(signal);
      await Promise.race([
        this.#look.wait(link.signal),
        pause(clock, AUDIT_INTERVAL_MS, link.signal),
      ]);
      link.abort(new Error("the next look begins"));
      link.release();
    }
  }

  /** A manager listens. */
  opened(send: (message: UpMessage) => void): void {
    this.#send = send;
    this.#sent = undefined;
    this.#tell();
  }

  /** The session is over. */
  closed(): void {
    this.#send = undefined;
    this.#sent = undefined;
    this.#answers.ended();
  }

  receive(message: AttachmentMessage): void {
    if (message.type === "network-found") {
      this.#questions.get(message.request)?.(message.network);
      return;
    }
    this.#applied = message.revision;
    this.#refused = message.refused;
    this.#answers.ended();
    if (message.refused.length > 0) this.#look.ring();
  }

  /** The cluster's network of this id, name or id prefix. Rejects (unavailable) without a manager. */
  async find(ref: string, signal: AbortSignal): Promise<Network | undefined> {
    const send = this.#send;
    if (!send) throw noManager();
    this.#question += 1;
    const request = this.#question;
    const answer = new Promise<Network | undefined>((done) => {
      this.#questions.set(request, done);
    });
    try {
      send({ type: "find-network", request, ref });
      return await withTimeout(this.#deps.clock, PATIENCE_MS, signal, () => answer);
    } finally {
      this.#questions.delete(request);
    }
  }

  /**
   * Gets addresses for a container that is about to be made, started or put on further networks, and
   * brings these networks here. They stay until {@link Attachments.settle}, from when on it is the
   * engine's container that counts. Rejects (unavailable) when it takes too long.
   */
  async hold(wanted: WantedAttachment, signal: AbortSignal): Promise<Held> {
    const { clock, networks } = this.#deps;
    if (!this.#send) throw noManager();
    if (!this.#containers) await this.#lookAtEngine(signal);
    this.#holds.set(wanted.id, wanted);
    this.#tell();
    const ids = wanted.networks.map(({ networkId }) => networkId);
    try {
      return await withTimeout(clock, PATIENCE_MS, signal, async (limited) => {
        await this.#untilApplied(limited);
        const refused = this.#refused.find(
          ({ id, networkId }) => id === wanted.id && ids.includes(networkId),
        );
        if (refused) {
          this.#drop(wanted.id);
          return { refused };
        }
        const places = await networks.containerPlaces(wanted.id, ids, limited);
        this.#given.set(wanted.id, places);
        return { places };
      });
    } catch (error) {
      this.#drop(wanted.id);
      throw error;
    }
  }

  /**
   * Gets addresses again for a container that is about to be started, and has the engine use them: the same
   * as before if they are free. Undefined when the engine has no such container on our networks.
   */
  async restore(id: string, signal: AbortSignal): Promise<Held | undefined> {
    await this.#lookAtEngine(signal);
    const container = this.#containers?.find((one) => one.id === id);
    if (!container) return undefined;
    const { name, mayRun, places } = container;
    const held = await this.hold({ id, name, networks: places }, signal);
    if ("refused" in held) return held;
    for (const place of held.places) {
      const wanted = places.find(({ networkId }) => networkId === place.networkId);
      if (!wanted || (mayRun && hasAddresses(place, wanted.addresses))) continue;
      await this.#deps.engine.placeContainer(id, place, wanted, signal);
    }
    return held;
  }

  /** The container was made, moved or removed, or was not: what the engine has counts again. */
  async settle(id: string | undefined, signal: AbortSignal): Promise<void> {
    if (id === undefined && this.#containers?.length === 0) return;
    try {
      await this.#lookAtEngine(signal, id);
    } finally {
      if (id !== undefined) this.#drop(id);
    }
    if (this.#send)
      await withTimeout(this.#deps.clock, PATIENCE_MS, signal, (limited) =>
        this.#untilApplied(limited),
      );
    await this.#answerNames(signal);
  }

  /** The node leaves its cluster: containers lose its networks. */
  async discard(signal: AbortSignal): Promise<void> {
    const { engine } = this.#deps;
    for (const { id, places } of await engine.listPlain(signal))
      for (const { networkId } of places) await engine.freeContainer(id, networkId, signal);
  }

  async #answerNames(signal: AbortSignal): Promise<void> {
    await this.#names.apply(this.#containers ?? [], signal).catch((error: unknown) => {
      if (!isAborted(signal))
        this.#deps.logger.warn("names not answered in a container", { error: messageOf(error) });
    });
  }

  #drop(id: string): void {
    this.#given.delete(id);
    if (this.#holds.delete(id)) this.#tell();
  }

  /** One look at a time, so that an older answer never replaces a newer one. */
  #lookAtEngine(signal: AbortSignal, settled?: string): Promise<void> {
    const before = this.#looking;
    const look = async (): Promise<void> => {
      await before;
      const containers = await this.#deps.engine.listPlain(signal);
      this.#containers = containers;
      // What was held for a container that is made by now is its own.
      const made = [...this.#given].flatMap(([id, places]) =>
        containers.some((one) => one.id !== id && usesOneOf(one, places)) ? [id] : [],
      );
      for (const id of settled === undefined ? made : [...made, settled]) {
        this.#given.delete(id);
        this.#holds.delete(id);
      }
      this.#tell();
    };
    const looking = look();
    this.#looking = looking.catch(() => {
      // Whoever asked is told; the next look goes ahead.
    });
    return looking;
  }

  /** Tells the managers what differs from what they were told. */
  #tell(): void {
    if (!this.#send || !this.#containers) return;
    const containers = withHolds(wantedOf(this.#containers), [...this.#holds.values()]);
    if (this.#sent && deepEqual(this.#sent.containers, containers)) return;
    this.#revision += 1;
    this.#sent = { revision: this.#revision, containers };
    this.#send({ type: "attachments", revision: this.#revision, containers });
  }

  /** Resolves when the managers have what they were told last. Rejects when there are none. */
  async #untilApplied(signal: AbortSignal): Promise<void> {
    for (;;) {
      if (!this.#send) throw noManager();
      if (this.#sent && this.#applied >= this.#sent.revision) return;
      await this.#answers.next(signal);
    }
  }

  /**
   * Containers that the engine started by itself with addresses that others have meanwhile get others;
   * those that may not be on a network any more are taken off it.
   */
  async #repair(signal: AbortSignal): Promise<void> {
    const { engine, networks, logger } = this.#deps;
    if (!this.#sent || this.#applied < this.#sent.revision) return;
    const refused = this.#refused;
    for (const { id, name, mayRun, places } of this.#containers ?? [])
      for (const wanted of mayRun && !this.#holds.has(id) ? places : []) {
        const { networkId, addresses } = wanted;
        const refusal = refused.find((one) => one.id === id && one.networkId === networkId);
        if (refusal) {
          logger.warn("container taken off a network", {
            name,
            networkId,
            reason: refusal.message,
          });
          await engine.freeContainer(id, networkId, signal);
          continue;
        }
        const given = networks.placesOf(id).find((one) => one.networkId === networkId);
        if (!given || given.addresses.every((address) => addresses.includes(address))) continue;
        logger.warn("container gets another address", { name, ...given });
        const [place] = await networks.containerPlaces(id, [networkId], signal);
        if (place) await engine.placeContainer(id, place, wanted, signal);
      }
  }
}
