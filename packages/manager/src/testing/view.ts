import { newVirtualClock } from "@skein/base";
import type { Transaction, View } from "@skein/store";
import { openMemoryLog, Store } from "@skein/store";

/** A store that leads at 2024-05-01T10:00:00Z, with nobody planning. For tests only. */
export const aStore = async (): Promise<Store> => {
  const log = openMemoryLog();
  const store = await Store.open(log, { ...newVirtualClock(), now: () => 1_714_557_600_000 });
  store.lead(await log.campaign("test", new AbortController().signal), {
    plan: () => {},
    reset: () => {},
    failed: () => {},
  });
  return store;
};

/** The tables of such a store after one transaction. For tests only. */
export const viewAfter = async (edit: (tx: Transaction) => void): Promise<View> => {
  const store = await aStore();
  await store.transact(edit);
  return store.view;
};
