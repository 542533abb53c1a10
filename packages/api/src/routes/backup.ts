import { decodeBackupRequest, decodeRestoreRequest } from "@skein/wire";
import type { Backend } from "../backend.ts";
import { decodeBody } from "../body.ts";
import { json } from "../http.ts";
import type { Call, Route } from "../router.ts";

/** A state of the largest clusters is a fraction of this; it is held in memory while it is read. */
const MAX_BACKUP_BYTES = 512 * 1024 * 1024;

async function* encoded(lines: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for await (const line of lines) yield encoder.encode(line);
}

/** Skein's own routes: the whole state of a cluster in a file, and back. */
export const backupRoutes = ({ backup }: Backend): readonly Route[] => [
  {
    // It makes a key, and may be large: not for caches, prefetchers and crawlers.
    method: "POST",
    pattern: "/skein/v1/backup",
    handler: async (call) => {
      const { Passphrase } = await decodeBody(call, decodeBackupRequest);
      const lines = await backup.make({ passphrase: Passphrase });
      return { status: 200, headers: { "content-type": "text/plain" }, body: encoded(lines) };
    },
  },
  {
    method: "POST",
    pattern: "/skein/v1/restore",
    handler: async (call) => {
      const request = await decodeBody(large(call), decodeRestoreRequest);
      return json(200, await backup.restore({ request }));
    },
  },
];

/** The call, with a body that may be larger than others. */
const large = (call: Call): Call => {
  const { request } = call;
  return { ...call, request: { ...request, body: () => request.body(MAX_BACKUP_BYTES) } };
};
