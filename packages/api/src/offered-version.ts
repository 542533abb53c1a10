import { NEWEST, isApiVersion, isBefore } from "./api-version.ts";
import { readAll } from "./http.ts";
import type { EngineApi } from "./http.ts";

/** What is offered as long as the engine has never answered: what every supported engine knows. */
const CAUTIOUS = "1.41";

/**
 * The API version that we offer: the engine's own, but not newer than {@link NEWEST}. Remembered
 * from the engine's last answer, so that the cluster half works while the engine is away.
 */
export class OfferedVersion {
  readonly #engine: EngineApi;
  #known: string | undefined;

  constructor(engine: EngineApi) {
    this.#engine = engine;
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
      const { headers, body } = await this.#engine.request({ method: "GET", path: "/_ping" });
      await readAll(body);
      return this.learn(headers["api-version"]);
    } catch {
      // The engine does not answer; the next request asks again.
      return CAUTIOUS;
    }
  }
}
