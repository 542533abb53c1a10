import { accessSync, constants } from "node:fs";
import { OperationError } from "@skein/base";
import type { EngineKind } from "./plan.ts";

/** Programs a playground is made with, and the Debian package each is in. */
const PROGRAMS: Readonly<Record<string, string>> = {
  bash: "bash",
  flock: "util-linux",
  ip: "iproute2",
  iptables: "iptables",
  mount: "mount",
  nsenter: "util-linux",
  setsid: "util-linux",
  unshare: "util-linux",
};

/** What the engines and the daemon need, each. */
const PARTS: Readonly<Record<EngineKind | "skein", Readonly<Record<string, string>>>> = {
  docker: { dockerd: "docker.io", containerd: "containerd", runc: "runc" },
  podman: { podman: "podman", conmon: "conmon" },
  skein: { conntrack: "conntrack", etcd: "etcd-server", nft: "nftables" },
};

const canRun = (program: string, path: string): boolean =>
  path.split(":").some((dir) => {
    try {
      accessSync(`${dir}/${program}`, constants.X_OK);
      return true;
    } catch {
      return false; // not in this directory
    }
  });

/** The names of programs that `path` does not lead to, with the Debian package that has each. */
export const missingPrograms = (
  parts: readonly (EngineKind | "skein")[],
  path: string,
  present: (program: string, path: string) => boolean = canRun,
): readonly (readonly [program: string, debianPackage: string])[] =>
  Object.entries(
    Object.assign({}, PROGRAMS, ...parts.map((part) => PARTS[part])) as Record<string, string>,
  )
    .filter(([program]) => !present(program, path))
    .toSorted(([one], [other]) => one.localeCompare(other));

/** Throws, saying all that is missing, when a playground cannot be made here. Installs nothing. */
export const requirePrograms = (parts: readonly (EngineKind | "skein")[], path: string): void => {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    throw new OperationError(
      "forbidden",
      "a playground needs Linux and root: it makes network namespaces and runs engines",
    );
  const missing = missingPrograms(parts, path);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(([, debianPackage]) => debianPackage))].join(" ");
  throw new OperationError(
    "failed-precondition",
    `a playground needs ${missing.map(([program]) => program).join(", ")}; on Debian: apt-get install ${packages}`,
  );
};
