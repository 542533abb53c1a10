import { newVirtualClock } from "@skein/base";
import type { Transaction, View } from "@skein/store";
import { openMemoryLog, Store } from "@skein/store";

/** The tables after one transaction at 2024-05-01T10:00:00Z, with nobody planning. For tests only. */
export const viewAfter = async (edit: (tx: Transaction) => void): Promise<View> => {
  const log = openMemoryLog();
  const store = await Store.open(log, { ...newVirtualClock(), now: () => 1_714_557_600_000 });
  store.lead(await log.campaign("test", new AbortController().signal), {
    plan: () => {},
    reset: () => {},
    failed: () => {},
  });
  await store.transact(edit);
  return store.view;
};
