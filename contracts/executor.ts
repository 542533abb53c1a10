import type { ContainerState, EngineEvent, Executor, Workload, WorkloadFile } from "@skein/agent";
import type { ContainerSpec, PortConfig } from "@skein/wire";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../e2e/support/until.ts";

/** Containers that behave in known ways, in the terms of the executor under test. */
export interface Programs {
  /** Runs until it gets the stop signal, and then exits with 7. */
  readonly obedient: Partial<ContainerSpec>;
  /** Runs on whatever signal it gets. */
  readonly stubborn: Partial<ContainerSpec>;
  /** Prints `out` to stdout and `err` to stderr, and exits with 3. */
  readonly brief: Partial<ContainerSpec>;
  /** Cannot be started. */
  readonly broken: Partial<ContainerSpec>;
  /** Becomes healthy within some seconds. */
  readonly healthy: Partial<ContainerSpec>;
  /** Becomes unhealthy within some seconds. */
  readonly sick: Partial<ContainerSpec>;
}

/** An executor under test, with an engine of its own. */
export interface ExecutorWorld {
  readonly executor: Executor;
  readonly programs: Programs;
  close(): Promise<void>;
}

/** What a workload may be given besides its container. */
export interface WorkloadParts {
  readonly container: Partial<ContainerSpec>;
  readonly files?: readonly WorkloadFile[];
  readonly ports?: readonly PortConfig[];
}

let made = 0;

/** A workload of the service `web`, with an id of its own. */
export const aWorkload = ({ container, files = [], ports = [] }: WorkloadParts): Workload => {
  made += 1;
  const taskId = `t${Date.now().toString(36)}${made}`.padEnd(25, "x");
  return {
    taskId,
    taskName: `web.${made}.${taskId}`,
    nodeId: "node1",
    serviceId: "svc1",
    serviceName: "web",
    container: { Isolation: "default", ...container },
    networks: [],
    overlays: [],
    ports,
    genericResources: [],
    files,
  };
};

/** Never aborted. */
export const calm: AbortSignal = new AbortController().signal;

const collect = (executor: Executor): { events: EngineEvent[]; stop: () => void } => {
  const controller = new AbortController();
  const events: EngineEvent[] = [];
  const follow = async (): Promise<void> => {
    for await (const event of executor.events(controller.signal)) events.push(event);
  };
  follow().catch((error: unknown) => {
    if (!controller.signal.aborted) throw error;
  });
  return { events, stop: () => controller.abort(new Error("enough")) };
};

/** Waits until the container is in the phase. */
export const untilPhase = (
  executor: Executor,
  id: string,
  phase: ContainerState["phase"],
): Promise<ContainerState | undefined> =>
  until(
    `container is ${phase}`,
    () => executor.inspect(id, calm),
    (state) => state?.phase === phase,
  );

/** What the agent relies on, of whatever runs its containers. */
export const executorContract = (name: string, open: () => Promise<ExecutorWorld>): void => {
  describe(`executor: ${name}`, () => {
    let world: ExecutorWorld | undefined;
    beforeAll(async () => {
      world = await open();
    });
    afterAll(() => world?.close());

    const subject = (): ExecutorWorld => {
      if (world === undefined) throw new Error("the executor was not opened");
      return world;
    };
    const launch = async (container: Partial<ContainerSpec>): Promise<string> => {
      const { executor } = subject();
      const { id } = await executor.prepare(aWorkload({ container }), calm);
      await executor.start(id, calm);
      return id;
    };

    test("it answers, and tells of its host", async () => {
      const { executor } = subject();
      await executor.ping(calm);
      const { Hostname, Platform, Resources } = await executor.describe(calm);
      expect(Hostname).not.toBe("");
      expect(Platform.OS).toBe("linux");
      expect(Resources.NanoCPUs).toBeGreaterThan(0);
    });

    test("preparing makes a container that can be found by name and in the list, once", async () => {
      const { executor, programs } = subject();
      const workload = aWorkload({ container: programs.obedient });
      const first = await executor.prepare(workload, calm);
      expect(first).toMatchObject({ phase: "created", pid: 0, exitCode: 0 });
      expect((await executor.prepare(workload, calm)).id).toBe(first.id);
      expect((await executor.inspect(workload.taskName, calm))?.id).toBe(first.id);
      const listed = (await executor.list(calm)).filter(({ id }) => id === first.id);
      expect(listed).toEqual([{ id: first.id, taskId: workload.taskId, phase: "created" }]);
    });

    test("a missing image is refused with Docker's words", async () => {
      const { executor } = subject();
      const workload = aWorkload({ container: { Image: "absent:1" } });
      await expect(executor.prepare(workload, calm)).rejects.toMatchObject({
        kind: "not-found",
        message: "No such image: absent:1",
      });
      expect(await executor.inspect(workload.taskName, calm)).toBeUndefined();
    });

    test("a started container runs, and starting it again changes nothing", async () => {
      const { executor, programs } = subject();
      const id = await launch(programs.obedient);
      const before = await executor.inspect(id, calm);
      expect(before?.phase).toBe("running");
      expect(before?.pid).toBeGreaterThan(0);
      await executor.start(id, calm);
      expect((await executor.inspect(id, calm))?.pid).toBe(before?.pid);
      await executor.remove(id, calm);
    });

    test("a container that cannot be started says why, and stays unstarted", async () => {
      const { executor, programs } = subject();
      const { id } = await executor.prepare(aWorkload({ container: programs.broken }), calm);
      const failure = await executor.start(id, calm).catch((error: unknown) => error);
      expect(failure).toMatchObject({ name: "OperationError" });
      expect(failure).not.toMatchObject({ kind: "unavailable" });
      expect((await executor.inspect(id, calm))?.phase).toBe("created");
    });

    test("an end is seen with its code, by event and by inspection; it is not started again", async () => {
      const { executor, programs } = subject();
      const { events, stop } = collect(executor);
      await until(
        "listening",
        () => Promise.resolve(events.length),
        (count) => count > 0,
      );
      expect(events[0]).toEqual({ type: "connected" });
      const id = await launch(programs.brief);
      const ended = await untilPhase(executor, id, "exited");
      expect(ended).toMatchObject({ exitCode: 3, pid: 0 });
      const told = await until(
        "the end was told",
        () => Promise.resolve(events),
        (all) => all.some((event) => event.type === "container" && event.exitCode === 3),
      );
      expect(told).toContainEqual({ type: "container", containerId: id, exitCode: 3 });
      stop();
      await executor.start(id, calm);
      expect((await executor.inspect(id, calm))?.phase).toBe("exited");
    });

    test("a container that obeys is stopped well within its grace period", async () => {
      const { executor, programs } = subject();
      const id = await launch(programs.obedient);
      const begun = performance.now();
      await executor.stop(id, 20_000, calm);
      expect(performance.now() - begun).toBeLessThan(15_000);
      expect(await executor.inspect(id, calm)).toMatchObject({ phase: "exited", exitCode: 7 });
    });

    test("one that does not is killed after it", async () => {
      const { executor, programs } = subject();
      const id = await launch(programs.stubborn);
      const begun = performance.now();
      await executor.stop(id, 1000, calm);
      expect(performance.now() - begun).toBeGreaterThan(900);
      expect(await executor.inspect(id, calm)).toMatchObject({ phase: "exited", exitCode: 137 });
    });

    test("stopping and killing what does not run, or is gone, is no error", async () => {
      const { executor, programs } = subject();
      const id = await launch(programs.obedient);
      await executor.kill(id, calm);
      await untilPhase(executor, id, "exited");
      await executor.stop(id, 1000, calm);
      await executor.kill(id, calm);
      await executor.remove(id, calm);
      await executor.stop(id, undefined, calm);
      await executor.kill(id, calm);
      await executor.remove(id, calm);
      expect(await executor.inspect(id, calm)).toBeUndefined();
      expect((await executor.list(calm)).some((one) => one.id === id)).toBe(false);
    });

    test("health is told", async () => {
      const { executor, programs } = subject();
      for (const program of ["healthy", "sick"] as const) {
        const id = await launch(programs[program]);
        expect((await executor.inspect(id, calm))?.health).toBe("starting");
        await until(
          `it is ${program}`,
          () => executor.inspect(id, calm),
          (state) => state?.health === (program === "sick" ? "unhealthy" : "healthy"),
        );
        await executor.remove(id, calm);
      }
    });

    test("the output is told line by line, also after the end", async () => {
      const { executor, programs } = subject();
      const id = await launch(programs.brief);
      await untilPhase(executor, id, "exited");
      const read = async (tail: number, stderr: boolean): Promise<readonly string[]> => {
        const lines: string[] = [];
        const options = { follow: false, tail, since: 0, stdout: true, stderr };
        for await (const message of executor.logs({ id, taskId: "task" }, options, calm)) {
          expect(message.taskId).toBe("task");
          expect(message.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
          lines.push(`${message.stream} ${new TextDecoder().decode(message.data)}`);
        }
        return lines.toSorted();
      };
      expect(await read(-1, true)).toEqual(["stderr err\n", "stdout out\n"]);
      expect(await read(-1, false)).toEqual(["stdout out\n"]);
      expect(await read(1, true)).toHaveLength(1);
    });

    test("following ends with the container, or when nobody wants it any more", async () => {
      const { executor, programs } = subject();
      const id = await launch(programs.obedient);
      const controller = new AbortController();
      const options = { follow: true, tail: -1, since: 0, stdout: true, stderr: true };
      const follow = async (signal: AbortSignal): Promise<void> => {
        for await (const message of executor.logs({ id, taskId: "task" }, options, signal))
          expect(message.taskId).toBe("task");
      };
      const abandoned = follow(controller.signal).catch((error: unknown) => String(error));
      const complete = follow(calm);
      controller.abort(new Error("enough"));
      expect(await abandoned).toContain("enough");
      await executor.kill(id, calm);
      await complete;
    });
  });
};
