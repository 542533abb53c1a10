import type { HostPlan } from "./plan.ts";
import { pathsOf } from "./paths.ts";

/** A word that the shell takes literally. */
export const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/**
 * Writes "pid starttime" of the running shell, as this machine sees them, to `file`. Inside the
 * host's pid namespace the shell has another pid, so the machine's own /proc is kept at
 * /run/host-proc. Both values survive the `exec` that follows.
 */
const record = (file: string): string =>
  `read -r -a stat < /run/host-proc/self/stat; echo "\${stat[0]} \${stat[21]}" > ${quote(`${file}.new`)}; mv ${quote(`${file}.new`)} ${quote(file)}`;

/**
 * The shell script that turns a process with network, mount, UTS and IPC namespaces of its own into
 * a host: its hostname, an empty /run, a /sys that shows its own interfaces, its own resolver, and
 * then, in a pid namespace, an init that only reaps. Killing that init kills all that runs in it.
 */
export const hostScript = (host: HostPlan): string => {
  const paths = pathsOf(host);
  const init = [
    "mount -t proc proc /proc",
    record(paths.host),
    "trap '' TERM INT HUP",
    "while :; do sleep 86400 & wait $!; done",
  ].join("\n");
  return [
    "set -e",
    `hostname ${quote(host.hostname)}`,
    // A symbolic link into /run must still have a target once /run is empty.
    "resolver=$(readlink -f /etc/resolv.conf || true)",
    "mount -t tmpfs -o mode=755 tmpfs /run",
    "mkdir -p /run/host-proc /run/cgroup /run/lock",
    "mount --rbind /proc /run/host-proc",
    "mount --rbind /sys/fs/cgroup /run/cgroup",
    "mount -t sysfs sysfs /sys",
    "mount --rbind /run/cgroup /sys/fs/cgroup",
    "umount -l /run/cgroup",
    'case "$resolver" in /run/*) mkdir -p "$(dirname "$resolver")"; : > "$resolver";; esac',
    `if [ -n "$resolver" ] && [ -e "$resolver" ]; then mount --bind ${quote(paths.resolvConf)} "$resolver"; fi`,
    ...(host.engine === "podman"
      ? [
          `mkdir -p /var/lib/cni ${quote(paths.cniState)}`,
          `mount --bind ${quote(paths.cniState)} /var/lib/cni`,
        ]
      : []),
    `exec unshare --pid --fork -- bash -c ${quote(init)}`,
  ].join("\n");
};

/** The directory of the host whose init has this command line; undefined for any other process. */
export const hostDirIn = (commandLine: string): string | undefined =>
  commandLine.startsWith("bash\0")
    ? /mv '([^'\0]+)\/host\.process\.new'/.exec(commandLine)?.[1]
    : undefined;

/** The shell script that starts a program in the background of a host and records its process. */
export const startScript = (
  command: readonly string[],
  files: { readonly record: string; readonly log: string },
): string =>
  `( ${record(files.record)}; exec setsid ${command.map(quote).join(" ")} ) </dev/null >>${quote(files.log)} 2>&1 &`;
