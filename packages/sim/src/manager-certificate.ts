import { CertificateKeeper } from "@skein/agent";
import type { Random } from "@skein/base";
import { theCluster } from "@skein/manager";
import type { Store } from "@skein/store";
import type { SimCertificates, SimCredentials } from "./certificates.ts";
import { issue, newsOf, tlsInfoOf } from "./certificates.ts";
import type { Process } from "./process.ts";

/** The pause before the manager's own node says again what could not be recorded. */
const RETRY_MS = 1000;

/** Does for the manager's own node what an agent does: keeps its certificate, and tells of it. */
export const keepManagerCertificate = (
  process: Process,
  parts: {
    readonly nodeId: string;
    readonly store: Store;
    readonly disk: SimCertificates;
    readonly random: Random;
  },
): void => {
  const { nodeId, store, disk, random } = parts;
  const { clock, logger } = process;
  const record = async (): Promise<void> => {
    const TLSInfo = tlsInfoOf(disk.stored);
    const description = { Platform: {}, Resources: {}, Engine: {}, TLSInfo };
    await store.transact((tx) => {
      const node = tx.get("nodes", nodeId);
      if (node) tx.put("nodes", { ...node, description });
    });
  };
  const tell = (): void => {
    // The disk may refuse it.
    record().catch(() => void process.after(RETRY_MS, tell));
  };
  const renew = async (): Promise<SimCredentials> => {
    await process.sleep(1);
    return issue(theCluster(store.view).rootCa);
  };
  const certificates = disk.partsFor(process, "manager", renew, tell);
  const keeper = new CertificateKeeper({ certificates, clock, logger, random });
  const hear = (): void => keeper.heard(newsOf(theCluster(store.view).rootCa));
  store.watch(({ changes }) => {
    if (process.alive && changes.some(({ table }) => table === "clusters")) hear();
  });
  hear();
  tell();
  void keeper.run(new AbortController().signal);
};
