import { ApiError, ConnectionError } from "@skein/sdk";

const HOW_TO_REACH =
  "Start it with 'systemctl start skein' or 'skein daemon', or name another one with -H or SKEIN_HOST.";

const connectionText = ({ host, code, cause }: ConnectionError): string => {
  if (code === "EACCES" || code === "EPERM")
    return `permission denied while trying to connect to the daemon socket at ${host}\nRun the command as root or as a member of the group that owns the socket.`;
  if (code === "ENOENT" || code === "ECONNREFUSED")
    return `Cannot connect to the Skein daemon at ${host}. Is the daemon running?\n${HOW_TO_REACH}`;
  const reason = cause instanceof Error ? cause.message : code;
  return `error during connect to ${host}: ${reason}`;
};

/** What the user reads of a failure, without a line end. */
export const describeError = (error: unknown): string => {
  if (error instanceof ApiError) return `Error response from daemon: ${error.message}`;
  if (error instanceof ConnectionError) return connectionText(error);
  return error instanceof Error ? error.message : String(error);
};
