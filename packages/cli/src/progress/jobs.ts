import type { Service, Task } from "@skein/wire";
import type { Message } from "./message.ts";
import { jobTaskMessage } from "./parts.ts";
import { MOST_BARS, isKnown, rank } from "./states.ts";
import type { Observation, Tracker, Verdict } from "./tracker.ts";

const digits = (count: number): number => String(count).length;

const ofThisRun = (service: Service, tasks: readonly Task[]): readonly Task[] => {
  const run = service.JobStatus?.JobIteration.Index ?? 0;
  return tasks.filter(({ JobIteration }) => JobIteration && (JobIteration.Index ?? 0) === run);
};

const furthestBehind = (a: Task | undefined, b: Task): Task =>
  a && rank(a.Status.State) <= rank(b.Status.State) ? a : b;

const jobProgress = (complete: number, total: number): Message => ({
  id: "job progress",
  text: `${String(complete).padStart(digits(total))} out of ${total} complete`,
  bar: { current: complete, total },
});

const isComplete = ({ Status }: Task): boolean => Status.State === "complete";

/** Follows a replicated job: it is there when as many slots are complete as were asked for. */
export const trackReplicatedJob = (): Tracker => {
  let started = false;

  return (service: Service, { tasks }: Observation): Verdict => {
    const { TotalCompletions: total = 0, MaxConcurrent: most = 0 } =
      service.Spec.Mode.ReplicatedJob ?? {};
    const summary = (active: number, complete: number): readonly Message[] => {
      const width = digits(most);
      const wanted = String(Math.min(total - complete, most)).padStart(width);
      const text = `${String(active).padStart(width)} out of ${wanted} tasks`;
      return [jobProgress(complete, total), { id: "active tasks", text }];
    };
    const messages: Message[] = [];
    const bars = total <= MOST_BARS;
    if (!started) {
      messages.push(...summary(0, 0));
      for (let place = 1; place <= (bars ? total : 0); place += 1)
        messages.push({ id: `${place}/${total}`, text: " " });
    }
    started = true;
    const slots = new Map<number, Task>();
    for (const task of ofThisRun(service, tasks).filter(isKnown))
      slots.set(task.Slot ?? 0, furthestBehind(slots.get(task.Slot ?? 0), task));
    const current = [...slots.entries()].toSorted(([a], [b]) => a - b);
    if (bars)
      for (const [slot, task] of current)
        messages.push(jobTaskMessage(`${slot + 1}/${total}`, task));
    const active = current.filter(([, { Status }]) => rank(Status.State) < rank("complete"));
    const complete = current.filter(([, task]) => isComplete(task)).length;
    messages.push(...summary(active.length, complete));
    return { messages, converged: complete === total };
  };
};

/** Follows a global job on the nodes that have its tasks at the beginning. */
export const trackGlobalJob = (): Tracker => {
  let nodes: ReadonlySet<string> | undefined;

  return (service: Service, { tasks, activeNodes }: Observation): Verdict => {
    const own = ofThisRun(service, tasks);
    if (!nodes && own.length === 0 && activeNodes.size > 0)
      return { messages: [{ id: "job progress", text: "waiting for tasks" }], converged: false };
    const messages: Message[] = [];
    const wanted = nodes ?? new Set(own.map(({ NodeID = "" }) => NodeID));
    if (!nodes) messages.push(jobProgress(0, wanted.size));
    nodes = wanted;
    const byNode = new Map<string, Task>();
    for (const task of own) {
      const node = task.NodeID ?? "";
      if (wanted.has(node)) byNode.set(node, furthestBehind(byNode.get(node), task));
    }
    if (wanted.size <= MOST_BARS)
      for (const [node, task] of byNode) messages.push(jobTaskMessage(node, task));
    const complete = [...byNode.values()].filter(isComplete).length;
    messages.push(jobProgress(complete, wanted.size));
    return { messages, converged: complete === wanted.size };
  };
};
