// One way of bundling for everything that is run and not only tested.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { build } from "esbuild";
import { root } from "./run.mjs";

/**
 * Bundles `entry` with all it imports into the one file `outfile` (an ES module) and its source map.
 *
 * Files are replaced by rename and only when their content changed, so that a running or starting process never sees
 * half of one.
 *
 * @param {string} entry
 * @param {string} outfile
 * @returns {Promise<{ bytes: number, changed: boolean }>} rejects with esbuild's error when the sources do not bundle.
 */
export async function bundle(entry, outfile) {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
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
  });
  mkdirSync(dirname(outfile), { recursive: true });
  let bytes = 0;
  let changed = false;
  for (const file of result.outputFiles) {
    if (!file.path.endsWith(".map")) bytes += file.contents.length;
    if (isSame(file.path, file.contents)) continue;
    const fresh = `${file.path}.${process.pid}.new`;
    writeFileSync(fresh, file.contents);
    renameSync(fresh, file.path);
    changed = true;
  }
  return { bytes, changed };
}

/** @param {string} path @param {Uint8Array} contents @returns {boolean} */
function isSame(path, contents) {
  try {
    return readFileSync(path).equals(contents);
  } catch {
    return false; // Not there yet.
  }
}
