import { rpcError } from "@skein/base";

/** Longest name of a service or network: a DNS label. */
const MAX_DNS_NAME = 63;
const dnsName = /^[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?$/;
const fileName = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?$/;

/** Names of services and networks, which become DNS names. Throws invalid-parameter. */
export const validateDnsName = (name: string): void => {
  if (name === "") throw rpcError("invalid-parameter", "name must be provided");
  if (!dnsName.test(name))
    throw rpcError("invalid-parameter", "name must be valid as a DNS name component");
  if (name.length > MAX_DNS_NAME)
    throw rpcError("invalid-parameter", "name must be 63 characters or fewer");
};

/** Names of secrets and configs, which become file names. Throws invalid-parameter. */
export const validateFileName = (name: string): void => {
  if (name === "") throw rpcError("invalid-parameter", "name must be provided");
  if (!fileName.test(name))
    throw rpcError(
      "invalid-parameter",
      "invalid name, only 64 [a-zA-Z0-9-_.] characters allowed, and the start and end character must be [a-zA-Z0-9]",
    );
};
