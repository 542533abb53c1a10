import type { Readable } from "node:stream";
import type {
  ContainerState,
  EngineEvent,
  EngineNetworks,
  Executor,
  HostDescription,
  LogOptions,
  Workload,
} from "@skein/agent";
import type { Clock, Logger } from "@skein/base";
import { OperationError } from "@skein/base";
import type { LogMessage } from "@skein/model";
import { EngineConnection } from "./connection.ts";
import { graceSeconds, TASK_LABEL, toContainerConfig } from "./container-config.ts";
import { toContainerState, toContainerSummary } from "./container-state.ts";
import type { InspectAnswer, ListAnswer } from "./container-state.ts";
import { engineEvents } from "./events.ts";
import { engineAway } from "./engine-error.ts";
import { assertSupported, engineVersion } from "./engine-version.ts";
import type { EngineKind } from "./engine-version.ts";
import { TaskFiles } from "./files.ts";
import { describeHost } from "./host-description.ts";
import type { EngineInfo } from "./host-description.ts";
import { Images, noSuchImage } from "./images.ts";
import { textOf } from "./json-lines.ts";
import { logMessages } from "./log-lines.ts";
import type { HostFile } from "./mounts.ts";
import { OverlayNetworks } from "./networks.ts";
import { EngineContainers } from "./plain-containers.ts";
import { PodmanHealth } from "./podman-health.ts";
import { createVolumes, assertBindSources } from "./volumes.ts";

export interface EngineExecutorOptions {
  /** Path of the engine's socket. */
  readonly socketPath: string;
  /** Directory for secrets and configs, on a file system in memory (or one is mounted there). */
  readonly filesDir: string;
  /** Do not ask registries; Docker's DOCKER_SERVICE_PREFER_OFFLINE_IMAGE. */
  readonly preferOfflineImage?: boolean;
}

export interface EngineExecutorDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An executor with connections to let go of. */
export interface EngineExecutor extends Executor {
  close(): void;
  /** The engine's networks for our overlays. */
  readonly networks: EngineNetworks;
  /** Containers outside of services on these networks. */
  readonly plain: EngineContainers;
}

const isKind = (error: unknown, ...kinds: readonly OperationError["kind"][]): boolean =>
  error instanceof OperationError && kinds.includes(error.kind);

/** Podman answers with status 500 while a container is being removed. */
const isVanishing = (error: unknown): boolean =>
  error instanceof OperationError && /no such container/iu.test(error.message);

/** Runs tasks on Docker >= 20.10 or Podman >= 4.3, through the API that both have. */
class DockerExecutor implements EngineExecutor {
  readonly #options: EngineExecutorOptions;
  readonly #connection: EngineConnection;
  readonly #images: Images;
  readonly #files: TaskFiles;
  readonly #health: PodmanHealth;
  readonly networks: OverlayNetworks;
  readonly plain: EngineContainers;
  #kind: EngineKind | undefined;

  constructor(options: EngineExecutorOptions, { clock, logger }: EngineExecutorDependencies) {
    this.#options = options;
    const connection = new EngineConnection(options.socketPath);
    this.#connection = connection;
    this.#images = new Images({ connection, clock, logger });
    this.#files = new TaskFiles(options.filesDir);
    this.#health = new PodmanHealth({ connection, clock, logger });
    this.networks = new OverlayNetworks(connection, (signal) => this.#engineKind(signal));
    this.plain = new EngineContainers(connection, (signal) => this.#engineKind(signal));
  }

  async ping(signal: AbortSignal): Promise<void> {
    await this.#connection.request(signal, { method: "GET", path: "/_ping" });
  }

  async describe(signal: AbortSignal): Promise<HostDescription> {
    const version = await engineVersion(this.#connection, signal);
    assertSupported(version);
    this.#kind = version.kind;
    const info = await this.#connection.request(signal, { method: "GET", path: "/info" });
    return describeHost(info as EngineInfo);
  }

  async prepare(workload: Workload, signal: AbortSignal): Promise<ContainerState> {
    const existing = await this.#inspectTask(workload, signal);
    if (existing) return existing;
    const { container } = workload;
    toContainerConfig(workload, []); // refuses what makes no sense before anything is made
    await createVolumes(this.#connection, container.Mounts ?? [], signal);
    if (this.#options.preferOfflineImage !== true)
      await this.#images.pull(container.Image ?? "", workload.registryAuth, signal);
    if ((await this.#engineKind(signal)) === "podman")
      await assertBindSources(container.Mounts ?? []);
    const files = await this.#files.write(workload.taskId, workload.files);
    return this.#create(workload, files, signal);
  }

  async start(containerId: string, signal: AbortSignal): Promise<void> {
    const before = await this.inspect(containerId, signal);
    if (before && before.phase !== "created") return;
    const path = `/containers/${containerId}/start`;
    await this.#connection.request(signal, { method: "POST", path });
  }

  async stop(containerId: string, graceMs: number | undefined, signal: AbortSignal): Promise<void> {
    const query = graceMs === undefined ? {} : { t: graceSeconds(graceMs) };
    await this.#unlessStopped(containerId, signal, { action: "stop", query });
  }

  async kill(containerId: string, signal: AbortSignal): Promise<void> {
    const query = { signal: "SIGKILL" };
    await this.#unlessStopped(containerId, signal, { action: "kill", query });
  }

  async remove(containerId: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#connection.request(signal, {
        method: "DELETE",
        path: `/containers/${containerId}`,
        query: { force: true, v: true },
      });
    } catch (error) {
      if (!isKind(error, "not-found")) throw error;
    }
  }

  async inspect(container: string, signal: AbortSignal): Promise<ContainerState | undefined> {
    const answer = await this.#look(container, signal);
    return answer && this.#seen(answer);
  }

  async list(signal: AbortSignal): ReturnType<Executor["list"]> {
    const filters = JSON.stringify({ label: [TASK_LABEL] });
    const query = { all: true, filters };
    const path = "/containers/json";
    const answers = await this.#connection.request(signal, { method: "GET", path, query });
    return (answers as readonly ListAnswer[]).flatMap((answer) => toContainerSummary(answer) ?? []);
  }

  removeFiles(taskId: string): Promise<void> {
    return this.#files.remove(taskId);
  }

  listFiles(): Promise<readonly string[]> {
    return this.#files.list();
  }

  async *logs(
    { id, taskId }: { readonly id: string; readonly taskId: string },
    options: LogOptions,
    signal: AbortSignal,
  ): AsyncGenerator<LogMessage> {
    const answer = await this.#look(id, signal);
    if (!answer) throw new OperationError("not-found", `No such container: ${id}`);
    const details = (await this.#engineKind(signal)) === "docker";
    const stream = await this.#openLogs(id, details, options, signal);
    if (!stream) return;
    try {
      yield* logMessages(stream, { taskId, tty: answer.Config?.Tty === true, details });
    } catch (error) {
      signal.throwIfAborted();
      throw engineAway(this.#options.socketPath, error);
    } finally {
      stream.destroy();
    }
  }

  events(signal: AbortSignal): AsyncIterable<EngineEvent> {
    return engineEvents(this.#connection, signal);
  }

  close(): void {
    this.#health.stop();
    this.#connection.close();
  }

  async #engineKind(signal: AbortSignal): Promise<EngineKind> {
    this.#kind ??= (await engineVersion(this.#connection, signal)).kind;
    return this.#kind;
  }

  async #look(container: string, signal: AbortSignal): Promise<InspectAnswer | undefined> {
    try {
      const path = `/containers/${container}/json`;
      const answer = await this.#connection.request(signal, { method: "GET", path });
      return answer as InspectAnswer;
    } catch (error) {
      if (isKind(error, "not-found") || isVanishing(error)) return undefined;
      throw error;
    }
  }

  #seen(answer: InspectAnswer): ContainerState {
    const state = toContainerState(answer);
    if (this.#kind === "podman" && state.phase === "running" && state.health !== undefined) {
      const { Interval } = answer.Config?.Healthcheck ?? {};
      this.#health.watch({ id: state.id, ...(Interval ? { intervalNs: Interval } : {}) });
    }
    return state;
  }

  /** Undefined when the container's log driver keeps nothing that could be read. */
  async #openLogs(
    id: string,
    details: boolean,
    { follow, tail, since, stdout, stderr }: LogOptions,
    signal: AbortSignal,
  ): Promise<Readable | undefined> {
    const lines = tail < 0 ? "all" : tail;
    const query = { follow, stdout, stderr, since, details, timestamps: true, tail: lines };
    const path = `/containers/${id}/logs`;
    try {
      return await this.#connection.stream(signal, { method: "GET", path, query });
    } catch (error) {
      if (error instanceof OperationError && /does not support reading/iu.test(error.message))
        return undefined;
      throw error;
    }
  }

  /** The container that an earlier attempt made for this very task. */
  async #inspectTask(
    { taskName, taskId }: Workload,
    signal: AbortSignal,
  ): Promise<ContainerState | undefined> {
    const answer = await this.#look(taskName, signal);
    return answer?.Config?.Labels?.[TASK_LABEL] === taskId ? this.#seen(answer) : undefined;
  }

  async #create(
    workload: Workload,
    files: readonly HostFile[],
    signal: AbortSignal,
  ): Promise<ContainerState> {
    const config = toContainerConfig(workload, files);
    try {
      const answer = await this.#connection.request(signal, {
        method: "POST",
        path: "/containers/create",
        query: { name: workload.taskName },
        body: config,
      });
      const id = textOf(answer, "Id");
      for (const overlay of workload.overlays.slice(1))
        await this.networks.connect(id, overlay, signal);
      const state = await this.inspect(id, signal);
      if (state) return state;
      throw new OperationError("not-found", `No such container: ${id}`);
    } catch (error) {
      const existing = isKind(error, "conflict") && (await this.#inspectTask(workload, signal));
      if (existing) return existing;
      if (isKind(error, "not-found") && /no such image/iu.test(String(error)))
        throw noSuchImage(config.Image);
      throw error;
    }
  }

  /** The engines have many ways to say that there was nothing to stop; the state is what counts. */
  async #unlessStopped(
    containerId: string,
    signal: AbortSignal,
    call: { readonly action: string; readonly query: Readonly<Record<string, string | number>> },
  ): Promise<void> {
    const path = `/containers/${containerId}/${call.action}`;
    try {
      await this.#connection.request(signal, { method: "POST", path, query: call.query });
    } catch (error) {
      if (isKind(error, "unavailable")) throw error;
      const state = await this.inspect(containerId, signal);
      if (state?.phase === "running") throw error;
    }
  }
}

/** Opens nothing yet: the engine may be started later. */
export const newEngineExecutor = (
  options: EngineExecutorOptions,
  dependencies: EngineExecutorDependencies,
): EngineExecutor => new DockerExecutor(options, dependencies);
