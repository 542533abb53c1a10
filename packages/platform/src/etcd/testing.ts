import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@skein/base";
import { checkEtcdBinary } from "./etcd-binary.ts";
import { startEtcdMember } from "./etcd-member.ts";
import type { EtcdMember, EtcdMemberOptions } from "./etcd-member.ts";

/** Whether etcd is installed, for tests that need it. Says so when it is not. */
export const hasEtcd = async (): Promise<boolean> => {
  try {
    await checkEtcdBinary();
    return true;
  } catch (error) {
    process.stderr.write(`tests with etcd are skipped: ${String(error)}\n`);
    return false;
  }
};

/** A member in a directory of its own, for tests. */
export interface TestMember {
  readonly member: EtcdMember;
  readonly options: EtcdMemberOptions;
  /** Stops the member and removes the directory. */
  remove(): Promise<void>;
}

/** Starts the only member of a new cluster. */
export const startTestMember = async (
  given: Partial<EtcdMemberOptions> = {},
): Promise<TestMember> => {
  const directory = mkdtempSync(join(tmpdir(), "skein-etcd-"));
  const options: EtcdMemberOptions = {
    directory,
    name: "m1",
    address: "10.99.0.1:2377",
    dialPeer: () => Promise.reject(new Error("there is no other member")),
    logger: silentLogger,
    ...given,
  };
  const token = randomBytes(8).toString("hex");
  const member = await startEtcdMember(options, { kind: "new", token });
  await member.ready(30_000);
  const remove = async (): Promise<void> => {
    await member.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  return { member, options, remove };
};
