import { NEWEST, isApiVersion, isBefore } from "./api-version.ts";
import { askEngine, PING_PATIENCE_MS } from "./ask-engine.ts";
import type { EngineAccess } from "./ask-engine.ts";

/** What is offered as long as the engine has never answered: what every supported engine knows. */
const CAUTIOUS = "1.41";

/**
 * The API version that we offer: the engine's own, but not newer than {@link NEWEST}. Remembered
 * from the engine's last answer, so that the cluster half works while the engine is away.
 */
export class OfferedVersion {
  readonly #access: EngineAccess;
  #known: string | undefined;

  constructor(access: EngineAccess) {
    this.#access = access;
  }

  /** Takes note of what the engine says about itself in a header or in /version. */
  learn(text: string | undefined): string {
    if (isApiVersion(text)) this.#known = isBefore(text, NEWEST) ? text : NEWEST;
    return this.#known ?? CAUTIOUS;
  }

  /** Asks the engine only the first time. */
  async current(): Promise<string> {
    if (this.#known !== undefined) return this.#known;
    try {
      const question = { method: "GET", path: "/_ping" };
      const { headers } = await askEngine(this.#access, question, PING_PATIENCE_MS);
      return this.learn(headers["api-version"]);
    } catch {
      // The engine does not answer; the next request asks again.
      return CAUTIOUS;
    }
  }
}
