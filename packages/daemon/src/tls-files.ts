import { readFile } from "node:fs/promises";
import { messageOf, OperationError } from "@skein/base";
import type { ListenerTls } from "@skein/platform";
import type { DaemonOptions } from "./options.ts";

const read = async (option: string, path: string): Promise<string> => {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new OperationError(
      "invalid-parameter",
      `cannot read the file "${path}" of --${option}: ${messageOf(error)}`,
    );
  }
};

/**
 * The certificate, key and authority for tcp:// listeners; undefined when none is named. Rejects
 * (invalid-parameter) when only some are: a listener without client certificates would hand out root.
 */
export const readTlsFiles = async (
  options: Pick<DaemonOptions, "tlsCert" | "tlsKey" | "tlsCaCert">,
): Promise<ListenerTls | undefined> => {
  const { tlsCert, tlsKey, tlsCaCert } = options;
  if (tlsCert === undefined && tlsKey === undefined && tlsCaCert === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined || tlsCaCert === undefined)
    throw new OperationError(
      "invalid-parameter",
      "--tls-cert, --tls-key and --tls-ca-cert belong together: name all three",
    );
  return {
    certificate: await read("tls-cert", tlsCert),
    key: await read("tls-key", tlsKey),
    ca: await read("tls-ca-cert", tlsCaCert),
  };
};
