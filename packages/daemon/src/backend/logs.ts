import type { Clock } from "@skein/base";
import type { Backend, LogLine, LogSelector } from "@skein/api";
import type { LogRequest } from "@skein/manager";
import { findService, findTask, freshView } from "@skein/manager";
import { specVersionId } from "@skein/model";
import type { View } from "@skein/store";
import type { ManagerRuntime } from "../manager/manager-runtime.ts";

interface Selected {
  readonly tty: boolean;
  readonly serviceId?: string;
  readonly taskIds: readonly string[];
}

const select = (view: View, selector: LogSelector): Selected => {
  if (selector.kind === "task") {
    const task = findTask(view, selector.ref);
    const version = view.get("specs", specVersionId(task.serviceId, task.specVersion));
    return { tty: version?.task.ContainerSpec?.TTY ?? false, taskIds: [task.id] };
  }
  const service = findService(view, selector.ref);
  return {
    tty: service.spec.TaskTemplate.ContainerSpec?.TTY ?? false,
    serviceId: service.id,
    taskIds: [...view.tasksOfService(service.id).keys()],
  };
};

/** Service and task logs, through the leader's broker. */
export const newLogBackend = (manager: () => ManagerRuntime, clock: Clock): Backend["logs"] => ({
  open: async ({ selector, options, signal }) => {
    const running = manager();
    const { store } = running;
    await freshView(store, clock);
    const { tty, serviceId, taskIds } = select(store.view, selector);
    await store.barrier();
    const request: LogRequest = {
      ...(serviceId === undefined ? {} : { serviceId }),
      taskIds,
      options,
    };
    const lines: AsyncIterable<LogLine> = await running.readLogs(request, signal);
    return { tty, lines };
  },
});
