/**
 * Encrypted networks on a kernel that has IPsec, in an emulated machine: wherever the tests run, their own
 * kernel may lack it. Runs where there is qemu, and a kernel that `tools/vm-kernel.sh` has unpacked.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Plugin } from "esbuild";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "./support/run.ts";
import type { GuestFile, GuestKernel } from "./support/vm/machine.ts";
import { findKernel, makeRoot, runGuest } from "./support/vm/machine.ts";

/** Emulated, a second takes about ten. */
const TIMEOUT_MS = 1_200_000;

const kernel = findKernel();
const hasEmulator = (await run("which", ["qemu-system-x86_64"])).code === 0;
const guest = hasEmulator ? kernel : undefined;
if (!guest)
  process.stderr.write(
    `encryption.test.ts is skipped: ${hasEmulator ? "there is no kernel in dist/vm-kernel" : "qemu-system-x86_64 is not installed"}; tools/vm-kernel.sh gets both\n`,
  );

const folder = mkdtempSync(join(tmpdir(), "skein-vm-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The data plane uses no package with native parts, but comes through a door with those that do. */
const withoutNative: Plugin = {
  name: "without-native",
  setup: (builder) => {
    builder.onResolve({ filter: /^(lmdb|msgpackr-extract|pino)$/ }, ({ path }) => ({
      path,
      namespace: "none",
    }));
    builder.onLoad({ filter: /./, namespace: "none" }, () => ({
      contents: "module.exports = {};",
    }));
  },
};

const bundled = async (): Promise<readonly GuestFile[]> => {
  const { outputFiles } = await build({
    entryPoints: ["e2e/support/vm/checks.ts"],
    bundle: true,
    write: false,
    platform: "node",
    target: "node20",
    format: "esm",
    conditions: ["source"],
    plugins: [withoutNative],
    // CommonJS dependencies inside an ES module still call require.
    banner: {
      js: 'import { createRequire as bundleRequire } from "node:module"; const require = bundleRequire(import.meta.url);',
    },
    logLevel: "warning",
  });
  const script = (name: string): GuestFile => ({
    name,
    text: readFileSync(`e2e/support/net/${name}`, "utf8"),
  });
  return [
    { name: "checks.mjs", text: outputFiles[0]?.text ?? "" },
    script("server.mjs"),
    script("client.mjs"),
  ];
};

const lines: string[] = [];

const boot = async (where: GuestKernel): Promise<void> => {
  const archive = await makeRoot(folder, where, await bundled());
  const onLine = (line: string): void => {
    lines.push(line);
    if (process.env["SKEIN_VM_VERBOSE"]) process.stderr.write(`${line}\n`);
  };
  await runGuest(where, archive, { timeoutMs: TIMEOUT_MS, onLine });
};

beforeAll(async () => {
  if (guest) await boot(guest);
}, TIMEOUT_MS + 60_000);

test.skipIf(!guest)("encrypted networks do what they promise, on a kernel with IPsec", () => {
  const said = lines.filter((line) => /^(CHECK|FINISHED|ENDED|UNDERLAY)/.test(line));
  process.stdout.write(`${said.join("\n")}\n`);
  expect(lines.filter((line) => line.startsWith("CHECK failed"))).toEqual([]);
  expect(lines).toContain("FINISHED with 0 failed");
});
