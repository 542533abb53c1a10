import { createTransport } from "@skein/sdk";

/** How long a ping may take, in milliseconds. */
const PING_MS = 2000;

/** True when the Docker API on this Unix socket answers. */
export const answers = async (socket: string): Promise<boolean> => {
  const transport = createTransport({ host: `unix://${socket}` });
  try {
    const signal = AbortSignal.timeout(PING_MS);
    await transport.text({ method: "GET", path: "/_ping", signal });
    return true;
  } catch {
    return false; // not listening yet, or not any more
  } finally {
    transport.close();
  }
};
