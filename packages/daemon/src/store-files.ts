import { readFile } from "node:fs/promises";
import { messageOf, OperationError } from "@skein/base";
import type { Endpoints } from "@skein/platform";
import type { DaemonOptions } from "./options.ts";

const invalid = (text: string): OperationError => new OperationError("invalid-parameter", text);

const read = async (option: string, path: string): Promise<string> => {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw invalid(`cannot read the file "${path}" of --${option}: ${messageOf(error)}`);
  }
};

type StoreOptions = Pick<DaemonOptions, "storeEndpoints" | "storeCa" | "storeCert" | "storeKey">;

const checkEndpoint = (endpoint: string): void => {
  const { scheme, host } =
    /^(?<scheme>https?):\/\/(?<host>[^/]+):\d+\/?$/u.exec(endpoint)?.groups ?? {};
  if (scheme === undefined)
    throw invalid(`invalid etcd endpoint "${endpoint}": use https://HOST:PORT`);
  // Whoever reads along, or pretends to be it, would have a hand in the cluster.
  if (scheme === "http" && !/^(?:127\..*|localhost|\[::1\])$/u.test(host ?? ""))
    throw invalid(
      `etcd endpoint "${endpoint}" is not on this host: use https, with client certificates`,
    );
};

/**
 * The etcd that managers keep the state in instead of their own; undefined when none is named.
 * Rejects (invalid-parameter) when options are missing or files can't be read.
 */
export const readStoreFiles = async (options: StoreOptions): Promise<Endpoints | undefined> => {
  const { storeEndpoints: endpoints, storeCa, storeCert, storeKey } = options;
  const files = [storeCa, storeCert, storeKey];
  if (endpoints.length === 0) {
    if (files.some((file) => file !== undefined))
      throw invalid("--store-ca, --store-cert and --store-key belong to --store-endpoints");
    return undefined;
  }
  endpoints.forEach(checkEndpoint);
  if (endpoints.every((endpoint) => endpoint.startsWith("http://"))) return { endpoints };
  if (storeCa === undefined || storeCert === undefined || storeKey === undefined)
    throw invalid("https endpoints of etcd need --store-ca, --store-cert and --store-key");
  const tls = {
    rootPem: await read("store-ca", storeCa),
    certificatePem: await read("store-cert", storeCert),
    keyPem: await read("store-key", storeKey),
  };
  return { endpoints, tls };
};
