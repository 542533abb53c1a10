/** One source's next step, marked with the source it came from. */
interface Step<T> {
  readonly source: AsyncIterator<T>;
  readonly result: IteratorResult<T>;
}

const advance = <T>(source: AsyncIterator<T>): Promise<Step<T>> => {
  const step = source.next().then((result) => ({ source, result }));
  // A failure counts when the step is waited for; the reader may have gone before that.
  step.catch(() => {});
  return step;
};

/**
 * Values of several sources as they arrive; ends when all have ended. When one fails the merged
 * stream fails. The caller ends the sources (by their signal) when it stops reading early.
 */
export async function* mergeStreams<T>(
  sources: readonly AsyncIterable<T>[],
): AsyncGenerator<T, void, undefined> {
  const pending = new Map<AsyncIterator<T>, Promise<Step<T>>>();
  for (const iterable of sources) {
    const source = iterable[Symbol.asyncIterator]();
    pending.set(source, advance(source));
  }
  while (pending.size > 0) {
    const { source, result } = await Promise.race(pending.values());
    if (result.done === true) pending.delete(source);
    else {
      pending.set(source, advance(source));
      yield result.value;
    }
  }
}

/** An abort that follows `parent`, and can also be triggered here. `release` unhooks it. */
export const childAbort = (
  parent: AbortSignal,
): { readonly signal: AbortSignal; readonly abort: () => void } => {
  const controller = new AbortController();
  const abort = (): void => {
    parent.removeEventListener("abort", abort);
    controller.abort(parent.reason);
  };
  if (parent.aborted) abort();
  else parent.addEventListener("abort", abort, { once: true });
  return { signal: controller.signal, abort };
};
