// One way of bundling for everything that is run and not only tested.
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./run.mjs";

/** A chunk that no command refers to any more stays this long, for processes that have yet to load it. */
const oldChunkMs = 600_000;

/** Loaded when it is used: set-up may just have installed it. */
async function esbuild(options) {
  const { build } = await import("esbuild");
  return await build(options);
}

const common = {
  absWorkingDir: root,
  bundle: true,
  write: false,
  format: "esm",
  platform: "node",
  target: "node20",
  minifySyntax: true,
  legalComments: "none",
  sourcemap: "linked",
  sourcesContent: false,
  logLevel: "silent",
};

/**
 * Bundles `entry` with all it imports into the one file `outfile` (an ES module) and its source map.
 *
 * @param {string} entry
 * @param {string} outfile
 * @param {readonly import("esbuild").Plugin[]} [plugins]
 * @returns {Promise<void>} rejects with esbuild's error when the sources do not bundle.
 */
export async function bundle(entry, outfile, plugins = []) {
  const { outputFiles } = await esbuild({ ...common, entryPoints: [entry], outfile, plugins: [...plugins] });
  outputFiles.forEach(replace);
}

/**
 * Bundles several commands into `outdir`: `<name>.mjs` each, and under `chunks/` what they share and what they import
 * only when they need it (`await import(…)`), so that a command that answers at once loads little.
 *
 * @param {Readonly<Record<string, string>>} entries source by name
 * @param {string} outdir
 * @returns {Promise<{ name: string, bytes: number, changed: boolean }[]>} per command what it loads at its start;
 *   rejects with esbuild's error when the sources do not bundle.
 */
export async function bundleCommands(entries, outdir) {
  const { outputFiles, metafile } = await esbuild({
    ...common,
    entryPoints: entries,
    outdir,
    splitting: true,
    metafile: true,
    chunkNames: "chunks/[name]-[hash]",
    outExtension: { ".js": ".mjs" },
  });
  // Chunks first: a command is replaced once all it refers to is there.
  const isEntry = (file) => dirname(file.path) === outdir;
  const ordered = [...outputFiles].sort((a, b) => Number(isEntry(a)) - Number(isEntry(b)));
  const changed = new Set(ordered.filter(replace).map((file) => file.path));
  dropOldChunks(join(outdir, "chunks"), new Set(outputFiles.map((file) => file.path)));
  return Object.keys(entries).map((name) => {
    const loaded = loadedAtStart(metafile.outputs, join(outdir, `${name}.mjs`));
    return {
      name,
      bytes: [...loaded].reduce((sum, path) => sum + (metafile.outputs[path]?.bytes ?? 0), 0),
      changed: [...loaded].some((path) => changed.has(join(root, path))),
    };
  });
}

/** The file and what it imports statically, as esbuild names them: relative to the root. */
function loadedAtStart(outputs, entry) {
  const loaded = new Set();
  const waiting = Object.keys(outputs).filter((path) => join(root, path) === entry);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (loaded.has(path)) continue;
    loaded.add(path);
    for (const { path: next, kind, external } of outputs[path]?.imports ?? []) {
      if (kind === "import-statement" && external !== true) waiting.push(next);
    }
  }
  return loaded;
}

/**
 * Writes a file when its content changed, by rename, so that no process ever sees half of one.
 *
 * @param {{ path: string, contents: Uint8Array }} file
 * @returns {boolean} true when it changed
 */
function replace({ path, contents }) {
  if (isSame(path, contents)) return false;
  mkdirSync(dirname(path), { recursive: true });
  const fresh = `${path}.${process.pid}.new`;
  writeFileSync(fresh, contents);
  renameSync(fresh, path);
  return true;
}

/** @param {string} path @param {Uint8Array} contents @returns {boolean} */
function isSame(path, contents) {
  try {
    return readFileSync(path).equals(contents);
  } catch {
    return false; // Not there yet.
  }
}

/** @param {string} dir @param {ReadonlySet<string>} current */
function dropOldChunks(dir, current) {
  let names = [];
  try {
    names = readdirSync(dir);
  } catch {
    return; // One command without chunks.
  }
  for (const path of names.map((name) => join(dir, name)).filter((name) => !current.has(name))) {
    try {
      if (Date.now() - statSync(path).mtimeMs > oldChunkMs) unlinkSync(path);
    } catch {
      // Another build was quicker.
    }
  }
}
