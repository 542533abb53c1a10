import { notLinearizable } from "@skein/sim";
import type { Operation } from "@skein/sim";

const byKey = (history: readonly Operation[]): readonly (readonly [string, Operation[]])[] => {
  const keys = new Map<string, Operation[]>();
  for (const operation of history) {
    const known = keys.get(operation.key);
    if (known) known.push(operation);
    else keys.set(operation.key, [operation]);
  }
  return [...keys];
};

/** Versions of one object that went back although one read was over before the other began. */
const versionsGoBack = (history: readonly Operation[]): readonly string[] => {
  const reads = history.filter(({ op, result }) => op === "read" && result.kind === "ok");
  return byKey(reads).flatMap(([key, ofKey]) => {
    const inOrder = ofKey.toSorted((a, b) => a.start - b.start);
    const wrong = inOrder.find((read) => {
      const version = Number(read.result.version);
      return inOrder.some(
        ({ end, result }) => end < read.start && Number(result.version) > version,
      );
    });
    return wrong ? [`${key}: version ${wrong.result.version} was read after a newer one`] : [];
  });
};

/** What the managers show at the end must be the same everywhere. */
const viewsDiffer = (history: readonly Operation[]): readonly string[] => {
  const last = history.filter(({ process }) => process.endsWith("-end"));
  return byKey(last).flatMap(([key, reads]) => {
    const answers = new Set(reads.map(({ result }) => JSON.stringify(result)));
    return answers.size > 1 ? [`${key}: the managers show ${[...answers].join(" and ")}`] : [];
  });
};

/**
 * What is wrong with a history whose end is a read of each key at every manager: an acknowledged
 * write that is lost, a read of something old, an object that two leaders wrote.
 */
export const verdict = (history: readonly Operation[]): readonly string[] => {
  const problem = notLinearizable(history);
  return [
    ...(problem === undefined ? [] : [problem]),
    ...versionsGoBack(history),
    ...viewsDiffer(history),
  ];
};
