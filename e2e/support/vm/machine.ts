import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { output } from "../run.ts";

/** Where `tools/vm-kernel.sh` unpacks Debian's kernel package. */
const KERNEL = "dist/vm-kernel";

/** A kernel that is not this machine's. */
export interface GuestKernel {
  readonly image: string;
  /** Its folder below lib/modules. */
  readonly modules: string;
}

/** The unpacked kernel package, or undefined where there is none. */
export const findKernel = (): GuestKernel | undefined => {
  const folder = process.env["SKEIN_VM_KERNEL"] ?? KERNEL;
  const boot = join(folder, "boot");
  const name = existsSync(boot)
    ? readdirSync(boot).find((file) => file.startsWith("vmlinuz-"))
    : undefined;
  if (name === undefined) return undefined;
  const release = name.replace("vmlinuz-", "");
  return { image: join(boot, name), modules: join(folder, "lib/modules", release) };
};

/** Parts of the kernel's modules that a node with networks may ask for. */
const MODULES = ["net", "crypto", "arch", "lib", "drivers/net"];

const PROGRAMS = ["ip", "bridge", "nft", "conntrack", "nsenter", "unshare", "node"];
const XTABLES = ["iptables", "ip6tables"].flatMap((name) => [
  name,
  `${name}-save`,
  `${name}-restore`,
]);
const XTABLES_LIBRARIES = "/usr/lib/x86_64-linux-gnu/xtables";

/** The first process: real programs come before busybox's. */
const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/usr/sbin:/usr/bin:/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs run /run
ip link set lo up
modprobe -a br_netfilter vxlan
export ASK_TIMEOUT_MS=60000
node /checks.mjs
echo "ENDED $?"
poweroff -f
`;

/** Copies a file to the same place below `root`, links followed. */
const place = (root: string, path: string): void => {
  mkdirSync(join(root, dirname(path)), { recursive: true });
  cpSync(path, join(root, path), { dereference: true, recursive: true });
};

/** The shared objects that a program needs. */
const librariesOf = async (path: string): Promise<readonly string[]> =>
  [...(await output("ldd", [path])).matchAll(/(\/\S+) \(0x/g)].flatMap(([, file]) => file ?? []);

const placePrograms = async (root: string): Promise<void> => {
  const libraries = new Set<string>();
  const found = await Promise.all(
    PROGRAMS.map(async (name) => [name, await output("which", [name])] as const),
  );
  const xtables = await output("readlink", ["-f", await output("which", ["iptables"])]);
  for (const [name, path] of [...found, ["xtables", xtables] as const]) {
    for (const library of await librariesOf(path)) libraries.add(library);
    mkdirSync(join(root, "usr/bin"), { recursive: true });
    cpSync(path, join(root, "usr/bin", name), { dereference: true });
  }
  for (const name of XTABLES) symlinkSync("xtables", join(root, "usr/bin", name));
  place(root, XTABLES_LIBRARIES);
  for (const library of libraries) place(root, library);
};

const placeModules = async (root: string, { modules }: GuestKernel): Promise<void> => {
  const release = modules.split("/").at(-1) ?? "";
  const at = join(root, "lib/modules", release);
  for (const part of MODULES)
    cpSync(join(modules, "kernel", part), join(at, "kernel", part), { recursive: true });
  for (const list of ["modules.builtin", "modules.order"])
    if (existsSync(join(modules, list))) cpSync(join(modules, list), join(at, list));
  await output("busybox", ["depmod", "-b", root, release]);
};

/** Files that the guest finds in its root folder. */
export interface GuestFile {
  readonly name: string;
  readonly text: string;
}

/** Makes the guest's root file system, an archive for the kernel. `checks.mjs` is what it runs. */
export const makeRoot = async (
  folder: string,
  kernel: GuestKernel,
  files: readonly GuestFile[],
): Promise<string> => {
  const root = join(folder, "root");
  for (const name of ["bin", "sbin", "proc", "sys", "dev", "run", "tmp"])
    mkdirSync(join(root, name), { recursive: true });
  cpSync(await output("which", ["busybox"]), join(root, "bin/busybox"), { dereference: true });
  symlinkSync("/bin/busybox", join(root, "sbin/modprobe"));
  // Not busybox's shell: it would take its own programs for those of the same name.
  cpSync("/bin/dash", join(root, "bin/sh"), { dereference: true });
  await placePrograms(root);
  await placeModules(root, kernel);
  writeFileSync(join(root, "init"), INIT, { mode: 0o755 });
  for (const { name, text } of files) writeFileSync(join(root, name), text);
  const archive = join(folder, "root.cpio");
  const pack = 'cd "$0" && find . | busybox cpio -o -H newc >"$1" 2>/dev/null';
  await output("sh", ["-c", pack, root, archive]);
  return archive;
};

/**
 * Emulates a machine until it switches itself off, or the time is over; gives each line of its console
 * to `onLine`. It has no network but what it makes in itself.
 */
export const runGuest = (
  kernel: GuestKernel,
  archive: string,
  { timeoutMs, onLine }: { readonly timeoutMs: number; readonly onLine: (line: string) => void },
): Promise<void> =>
  new Promise((resolve, reject) => {
    const machine = ["-accel", "tcg", "-cpu", "max", "-smp", "2", "-m", "1536", "-nic", "none"];
    const child = spawn("qemu-system-x86_64", [
      ...machine,
      "-nographic",
      "-no-reboot",
      "-kernel",
      kernel.image,
      "-initrd",
      archive,
      "-append",
      "console=ttyS0 quiet panic=-1",
    ]);
    const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    let rest = "";
    child.stdout.on("data", (data: Buffer) => {
      const lines = `${rest}${data.toString()}`.split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    });
    child.stderr.on("data", (data: Buffer) => onLine(data.toString()));
    child.on("error", reject);
    child.on("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
