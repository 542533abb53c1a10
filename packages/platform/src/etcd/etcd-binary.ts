import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { OperationError, messageOf } from "@skein/base";

const run = promisify(execFile);

const INSTALL = "several managers need etcd 3.4 or newer: apt-get install etcd-server";
const OLDEST_MINOR = 4;
const VERSION_MS = 10_000;

/**
 * The version of the etcd program, for example `3.4.23`. Rejects (kind `failed-precondition`) with
 * what to install when it is missing or older than 3.4; versions after 3.6 are not known to work.
 */
export const checkEtcdBinary = async (binary = "etcd"): Promise<string> => {
  let output: string;
  try {
    ({ stdout: output } = await run(binary, ["--version"], { timeout: VERSION_MS }));
  } catch (error) {
    const message = `cannot run "${binary}" (${messageOf(error).split("\n")[0]}); ${INSTALL}`;
    throw new OperationError("failed-precondition", message, { cause: error });
  }
  const { version, major, minor } =
    /etcd Version: (?<version>(?<major>\d+)\.(?<minor>\d+)\.\S+)/u.exec(output)?.groups ?? {};
  if (version === undefined || major !== "3" || Number(minor) < OLDEST_MINOR)
    throw new OperationError(
      "failed-precondition",
      `"${binary}" is of version ${version ?? "unknown"}; ${INSTALL}`,
    );
  return version;
};
