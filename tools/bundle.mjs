// Bundles packages/skein: node tools/bundle.mjs OUTPUT
// OUTPUT is the entry. What only some commands need is loaded from chunks/ beside it, which keeps
// short commands quick. Chunks are named by their content: several entries share the folder.
import { renameSync } from "node:fs";
import { basename, dirname, extname } from "node:path";
import { build } from "esbuild";

const [output] = process.argv.slice(2);
if (output === undefined) throw new Error("usage: node tools/bundle.mjs OUTPUT");

const extension = extname(output);

await build({
  entryPoints: ["packages/skein/src/main.ts"],
  outdir: dirname(output),
  entryNames: `${basename(output, extension)}.new`,
  chunkNames: "chunks/[name]-[hash]",
  outExtension: { ".js": extension },
  splitting: true,
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
renameSync(`${output.slice(0, -extension.length)}.new${extension}`, output);
