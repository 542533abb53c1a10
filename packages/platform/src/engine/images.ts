import type { Clock, Logger } from "@skein/base";
import { messageOf, OperationError } from "@skein/base";
import type { EngineConnection } from "./connection.ts";
import { fieldOf, jsonLines, textOf } from "./json-lines.ts";

/** How long a failed pull stands, in ms: tasks that start together do not wait for each other's. */
const FAILURE_KEPT_MS = 10_000;

/** An image reference, taken apart as the pull route wants it. */
export interface ImageReference {
  readonly name: string;
  /** A tag, or a digest, which wins over a tag. */
  readonly tag: string;
  readonly pinned: boolean;
}

/** `name[:tag][@digest]`; without both the tag is `latest`. */
export const parseImage = (image: string): ImageReference => {
  const [path = "", digest] = image.split("@");
  const colon = path.lastIndexOf(":");
  const hasTag = colon > path.lastIndexOf("/");
  const name = hasTag ? path.slice(0, colon) : path;
  if (digest !== undefined) return { name, tag: digest, pinned: true };
  return { name, tag: hasTag ? path.slice(colon + 1) : "latest", pinned: false };
};

/** Docker's words for an image that is neither here nor to be had. */
export const noSuchImage = (image: string): OperationError => {
  const { name, tag, pinned } = parseImage(image);
  const shown = pinned ? image : `${name}:${tag}`;
  return new OperationError("not-found", `No such image: ${shown}`);
};

export interface ImagesDependencies {
  readonly connection: EngineConnection;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Pulls images. A pull that fails is no failure: the image may be here already, and when it is not,
 * the container cannot be made and says so. Tasks that want the same image share one pull.
 */
export class Images {
  readonly #deps: ImagesDependencies;
  readonly #pulls = new Map<string, Promise<void>>();
  /** Monotonic ms of the last failure. */
  readonly #failures = new Map<string, number>();

  constructor(dependencies: ImagesDependencies) {
    this.#deps = dependencies;
  }

  /** Resolves when the registry has been asked (or need not be). Rejects when the engine is away. */
  async pull(image: string, registryAuth: string | undefined, signal: AbortSignal): Promise<void> {
    if (/^sha256:[0-9a-f]{64}$/u.test(image)) return; // an image id
    if (await this.#isSettled(image, signal)) return;
    const key = `${image}\n${registryAuth ?? ""}`;
    const { clock } = this.#deps;
    const failed = this.#failures.get(key);
    if (failed !== undefined && clock.monotonic() - failed < FAILURE_KEPT_MS) return;
    let pull = this.#pulls.get(key);
    if (!pull) {
      pull = this.#run(key, image, registryAuth).finally(() => void this.#pulls.delete(key));
      this.#pulls.set(key, pull);
    }
    await Promise.race([pull, aborted(signal)]);
  }

  /** Whether no registry needs to be asked: the image is here, and pinned or made on this host. */
  async #isSettled(image: string, signal: AbortSignal): Promise<boolean> {
    try {
      const path = `/images/${image}/json`;
      const answer = await this.#deps.connection.request(signal, { method: "GET", path });
      return parseImage(image).pinned || isHostMade(fieldOf(answer, "RepoTags"));
    } catch (error) {
      if (error instanceof OperationError && error.kind === "not-found") return false;
      throw error;
    }
  }

  async #run(key: string, image: string, registryAuth: string | undefined): Promise<void> {
    const { logger, clock } = this.#deps;
    try {
      await this.#request(image, registryAuth);
      this.#failures.delete(key);
    } catch (error) {
      if (error instanceof OperationError && error.kind === "unavailable") throw error;
      this.#failures.set(key, clock.monotonic());
      logger.info("image not pulled", { image, error: messageOf(error) });
    }
  }

  async #request(image: string, registryAuth: string | undefined): Promise<void> {
    const { name, tag } = parseImage(image);
    const { signal } = new AbortController();
    const stream = await this.#deps.connection.stream(signal, {
      method: "POST",
      path: "/images/create",
      query: { fromImage: name, tag },
      ...(registryAuth === undefined ? {} : { registryAuth }),
    });
    for await (const line of jsonLines(stream)) {
      const error = textOf(line, "error");
      if (error !== "") throw new OperationError("unknown", error);
    }
  }
}

/** Podman puts images that were built or loaded here under a host name that is no registry. */
const isHostMade = (tags: unknown): boolean =>
  Array.isArray(tags) &&
  tags.length > 0 &&
  tags.every((tag: unknown) => typeof tag === "string" && tag.startsWith("localhost/"));

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
