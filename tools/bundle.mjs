// Bundles packages/skein into one file: node tools/bundle.mjs OUTPUT
import { renameSync } from "node:fs";
import { build } from "esbuild";

const [output] = process.argv.slice(2);
if (output === undefined) throw new Error("usage: node tools/bundle.mjs OUTPUT");

await build({
  entryPoints: ["packages/skein/src/main.ts"],
  outfile: `${output}.new`,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "esm",
  conditions: ["source"],
  // Packages with native parts, or that load files of their own by path.
  external: ["lmdb", "msgpackr", "dockerode", "pino", "ssh2", "cpu-features"],
  // CommonJS dependencies inside an ES module still call require.
  banner: {
    js: 'import { createRequire as bundleRequire } from "node:module"; const require = bundleRequire(import.meta.url);',
  },
  logLevel: "warning",
});
renameSync(`${output}.new`, output);
