import type { Service, Task } from "@skein/wire";
import type { Message } from "./message.ts";
import { overall, taskMessage } from "./parts.ts";
import type { Observation, Tracker, Verdict } from "./tracker.ts";
import { MOST_BARS, isKnown, isTerminal, lowest } from "./states.ts";

const isRunning = ({ DesiredState, Status }: Task): boolean =>
  !isTerminal(DesiredState) && Status.State === "running";

/** Per slot the task that counts; tasks on nodes that are down do not. */
const bySlot = (tasks: readonly Task[], activeNodes: ReadonlySet<string>): readonly Task[] => {
  const slots = new Map<number, Task>();
  for (const task of tasks.filter(isKnown)) {
    const slot = task.Slot ?? 0;
    const existing = slots.get(slot);
    if (existing && lowest(existing, task) === existing) continue;
    if (task.NodeID && !activeNodes.has(task.NodeID)) continue;
    slots.set(slot, task);
  }
  return [...slots.values()];
};

/** Follows a replicated service: it is there when as many slots run as there are replicas. */
export const trackReplicated = (): Tracker => {
  /** Slots to places 1, 2, 3 ..., in the order in which they were seen. */
  const places = new Map<number, number>();
  let started = false;
  let done = false;

  const place = ({ Slot = 0 }: Task): number => {
    const known = places.get(Slot) ?? places.size + 1;
    places.set(Slot, known);
    return known;
  };

  const begin = (replicas: number, rollback: boolean): readonly Message[] => {
    if (started) return [];
    started = true;
    const count = replicas <= MOST_BARS ? replicas : 0;
    const bars = Array.from({ length: count }, (_, index) => ({
      id: `${index + 1}/${replicas}`,
      text: " ",
    }));
    return [overall(0, replicas, rollback), ...bars];
  };

  return (service: Service, { tasks, activeNodes, rollback }: Observation): Verdict => {
    const replicas = service.Spec.Mode.Replicated?.Replicas ?? 0;
    const messages = [...begin(replicas, rollback)];
    const slots = bySlot(tasks, activeNodes);
    if (done && slots.some(({ Status }) => Status.State !== "running")) done = false;
    for (const task of slots) {
      const position = place(task);
      if (done || replicas > MOST_BARS || position > replicas) continue;
      messages.push(...taskMessage(`${position}/${replicas}`, task));
    }
    const running = slots.filter(isRunning).length;
    if (!done) messages.push(overall(running, replicas, rollback));
    done = running === replicas;
    return { messages, converged: done };
  };
};

/** Follows a global service: it is there when every node that got a task runs it. */
export const trackGlobal = (): Tracker => {
  let started = false;
  let done = false;

  return (_service: Service, { tasks, activeNodes, rollback }: Observation): Verdict => {
    const byNode = new Map<string, Task>();
    for (const task of tasks.filter(isKnown)) {
      const node = task.NodeID ?? "";
      const existing = byNode.get(node);
      byNode.set(node, existing ? lowest(existing, task) : task);
    }
    const count = byNode.size;
    if (!started && count === 0)
      return {
        messages: [{ id: "overall progress", text: "waiting for new tasks" }],
        converged: false,
      };
    const messages: Message[] = started ? [] : [overall(0, count, rollback)];
    started = true;
    const placed = [...byNode.values()];
    if (done && placed.some(({ Status }) => Status.State !== "running")) done = false;
    const active = placed.filter(({ NodeID = "" }) => activeNodes.has(NodeID));
    if (!done && count <= MOST_BARS)
      for (const task of active)
        messages.push(...taskMessage((task.NodeID ?? "").slice(0, 12), task));
    const running = active.filter(isRunning).length;
    if (!done) messages.push(overall(running, count, rollback));
    done = running === count;
    return { messages, converged: done };
  };
};
