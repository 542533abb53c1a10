import { until } from "./until.ts";

/** How long one answer may take, in milliseconds. */
const ANSWER_MS = 2000;

/** What answers at this address and port; rejects when nobody does. */
export const page = async (address: string, port: number): Promise<string> => {
  const signal = AbortSignal.timeout(ANSWER_MS);
  return (await fetch(`http://${address}:${port}/`, { signal })).text();
};

/** Waits until somebody answers at this address and port; resolves to the answer. */
export const untilAnswer = (address: string, port: number): Promise<string> =>
  until(
    `${address}:${port} answers`,
    () => page(address, port),
    (text) => text !== "",
  );
