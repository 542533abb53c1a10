import { Agent } from "node:http";
import { Readable } from "node:stream";
import Docker from "dockerode";
import { messageOf, OperationError } from "@skein/base";
import { toEngineError } from "./engine-error.ts";
import { fieldOf, textOf } from "./json-lines.ts";

/** Which engine it is: some ways differ. */
export type EngineKind = "docker" | "podman";

/** The engine behind a socket, as it introduced itself. */
export interface EngineVersion {
  readonly kind: EngineKind;
  readonly version: string;
}

const OLDEST: Readonly<Record<EngineKind, string>> = { docker: "20.10", podman: "4.3" };

const numbersOf = (version: string): readonly number[] =>
  version.split(".").map((part) => parseInt(part, 10));

const isBelow = (version: string, limit: string): boolean => {
  const [major = 0, minor = 0] = numbersOf(version);
  const [limitMajor = 0, limitMinor = 0] = numbersOf(limit);
  return major < limitMajor || (major === limitMajor && minor < limitMinor);
};

/** Throws (kind `failed-precondition`) when the engine is older than what Skein knows to work. */
export const assertSupported = ({ kind, version }: EngineVersion): void => {
  const oldest = OLDEST[kind];
  // A version built from sources may be no number; it is believed to be new.
  if (!/^\d+\.\d+/u.test(version) || !isBelow(version, oldest)) return;
  const name = kind === "docker" ? "Docker Engine" : "Podman";
  throw new OperationError(
    "failed-precondition",
    `${name} ${version} is too old: Skein needs ${name} ${oldest} or newer`,
  );
};

/** What to ask the engine for. */
export interface EngineRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  /** Value of the X-Registry-Auth header. */
  readonly registryAuth?: string;
}

const dial = (
  docker: Docker,
  { method, path, query = {}, registryAuth }: EngineRequest,
  signal: AbortSignal,
  isStream: boolean,
): Promise<unknown> =>
  new Promise((resolve, reject) => {
    docker.modem.dial(
      {
        path: `${path}?`,
        method,
        isStream,
        abortSignal: signal,
        options: { _query: query, _body: {} },
        statusCodes: { 200: true },
        ...(registryAuth === undefined ? {} : { authconfig: { base64: registryAuth } }),
      },
      (error: unknown, answer: unknown) => {
        if (error === null || error === undefined) resolve(answer);
        else reject(error instanceof Error ? error : new Error(messageOf(error)));
      },
    );
  });

/** The connection to one engine's API. */
export class EngineConnection {
  readonly socketPath: string;
  readonly docker: Docker;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(socketPath: string) {
    this.socketPath = socketPath;
    // The environment (DOCKER_HOST) is for clients of Skein, not for Skein itself.
    const local = { socketPath, host: "", protocol: "http" as const, agent: this.#agent };
    this.docker = new Docker(local);
  }

  /**
   * Makes a call. What fails is an OperationError; when the signal was the cause its reason is thrown.
   */
  async call<T>(signal: AbortSignal, action: (docker: Docker) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    try {
      return await action(this.docker);
    } catch (error) {
      signal.throwIfAborted();
      throw toEngineError(this.socketPath, error);
    }
  }

  /** Asks who it is. Not remembered: the engine may have been upgraded meanwhile. */
  async version(signal: AbortSignal): Promise<EngineVersion> {
    const answer = await this.request(signal, { method: "GET", path: "/version" });
    const components = fieldOf(answer, "Components");
    const isPodman =
      Array.isArray(components) &&
      components.some((component) => textOf(component, "Name") === "Podman Engine");
    return { kind: isPodman ? "podman" : "docker", version: textOf(answer, "Version") };
  }

  /** A request for which dockerode has no method, or none that can be cancelled. */
  request(signal: AbortSignal, request: EngineRequest): Promise<unknown> {
    return this.call(signal, (docker) => dial(docker, request, signal, false));
  }

  /** Like {@link EngineConnection.request}; the answer is read as it comes. Destroy it when done. */
  async stream(signal: AbortSignal, request: EngineRequest): Promise<Readable> {
    const answer = await this.call(signal, (docker) => dial(docker, request, signal, true));
    if (answer instanceof Readable) return answer;
    throw new Error("bug: dockerode gave no stream");
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent.destroy();
  }
}
