// Bundles the commands ahead of time: packages/cli/src/bin/X.ts becomes packages/cli/dist/X.mjs, which the committed
// stub packages/cli/bin/X.mjs starts. It is quick enough (a tenth of a second) to run whenever something is started.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundle } from "./lib/bundle.mjs";
import { root, since } from "./lib/run.mjs";

export const commands = ["quorate", "quoratectl", "quorateutl"];

/**
 * Builds every command whose source exists.
 *
 * @param {{ quiet: boolean }} options quiet: say only what changed.
 * @returns {Promise<boolean>} false, after printing the errors, when one of them does not bundle.
 */
export async function buildAll({ quiet }) {
  let good = true;
  for (const name of commands) {
    const entry = join(root, `packages/cli/src/bin/${name}.ts`);
    if (!existsSync(entry)) {
      if (!quiet) console.log(`${name.padEnd(12)} has no source yet (packages/cli/src/bin/${name}.ts)`);
      continue;
    }
    const started = performance.now();
    try {
      const { bytes, changed } = await bundle(entry, join(root, `packages/cli/dist/${name}.mjs`));
      const kilobytes = (bytes / 1000).toFixed(0);
      if (changed) console.log(`${name.padEnd(12)} built, ${kilobytes} kB, ${since(started)}`);
      else if (!quiet) console.log(`${name.padEnd(12)} is current, ${kilobytes} kB, ${since(started)}`);
    } catch (error) {
      good = false;
      process.stderr.write(`${name} does not build\n${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  return good;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exitCode = (await buildAll({ quiet: false })) ? 0 : 1;
}
