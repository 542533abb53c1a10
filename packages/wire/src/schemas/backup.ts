import type { Codec } from "../schema/codec.ts";
import { text } from "../schema/scalars.ts";
import { always, struct } from "../schema/struct.ts";
import type { BackupRequest, RestoreRequest } from "../types/backup.ts";

export const backupRequest: Codec<BackupRequest> = struct<BackupRequest>("skein.BackupRequest", {
  Passphrase: always(text()),
});

export const restoreRequest: Codec<RestoreRequest> = struct<RestoreRequest>(
  "skein.RestoreRequest",
  {
    Backup: always(text()),
    Secret: always(text()),
    ListenAddr: always(text()),
    AdvertiseAddr: always(text()),
    DataPathAddr: always(text()),
  },
);
