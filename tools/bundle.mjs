// Bundles packages/skein: node tools/bundle.mjs OUTPUT
// OUTPUT is the entry. What only some commands need is loaded from chunks/ beside it, which keeps
// short commands quick. Chunks are named by their content: several entries share the folder.
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { build } from "esbuild";

const [output] = process.argv.slice(2);
if (output === undefined) throw new Error("usage: node tools/bundle.mjs OUTPUT");

const extension = extname(output);

const { outputFiles } = await build({
  entryPoints: ["packages/skein/src/main.ts"],
  outdir: dirname(output),
  entryNames: basename(output, extension),
  chunkNames: "chunks/[name]-[hash]",
  outExtension: { ".js": extension },
  splitting: true,
  bundle: true,
  write: false,
  platform: "node",
  target: "node20",
  format: "esm",
  conditions: ["source"],
  // Packages with native parts, or that load files of their own by path.
  external: ["lmdb", "msgpackr", "pino"],
  // CommonJS dependencies inside an ES module still call require.
  banner: {
    js: 'import { createRequire as bundleRequire } from "node:module"; const require = bundleRequire(import.meta.url);',
  },
  logLevel: "warning",
}).catch(() => process.exit(1)); // what is wrong has been said by then

/** A file that is read while it is written is never seen half. */
const write = ({ path, contents }) => {
  writeFileSync(`${path}.${process.pid}`, contents);
  renameSync(`${path}.${process.pid}`, path);
};

// Chunks that are there already are the same; the entry goes last, when all that it needs is there.
const entry = resolve(output);
mkdirSync(join(dirname(entry), "chunks"), { recursive: true });
for (const file of outputFiles) if (file.path !== entry && !existsSync(file.path)) write(file);
for (const file of outputFiles) if (file.path === entry) write(file);
