import type { RestoreRequest } from "@skein/wire";
import type { Transport } from "./transport.ts";

/** The cluster's whole state in a file, and back. */
export interface BackupApi {
  /**
   * The file, piece by piece; it ends with a line that begins with `end:`, or is not whole. Without
   * a passphrase the unlock key protects it when autolock is on, and else nothing.
   */
  make(passphrase?: string): Promise<AsyncIterable<Uint8Array>>;
  /** Makes the daemon's node the only manager of the cluster in a backup. Gives the node's id. */
  restore(request: RestoreRequest): Promise<string>;
}

/** The routes for backups over a transport. */
export const backupApi = (transport: Transport): BackupApi => ({
  make: async (passphrase = "") => {
    const body = { Passphrase: passphrase };
    return (await transport.open({ method: "POST", path: "/skein/v1/backup", body })).body;
  },
  restore: (request) =>
    transport.json({ method: "POST", path: "/skein/v1/restore", body: request }),
});
