// Bundles the commands ahead of time: packages/cli/src/bin/X.ts becomes packages/cli/dist/X.mjs, which the committed
// stub packages/cli/bin/X.mjs starts. What a source imports with `await import(…)` is loaded only then. It is quick enough (a tenth of a second) to run whenever something is started.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleCommands } from "./lib/bundle.mjs";
import { root, since } from "./lib/run.mjs";

export const commands = ["quorate", "quoratectl", "quorateutl"];

/**
 * Builds every command whose source exists.
 *
 * @param {{ quiet: boolean }} options quiet: say only what changed.
 * @returns {Promise<boolean>} false, after printing the errors, when one of them does not bundle.
 */
export async function buildAll({ quiet }) {
  const sourceOf = (name) => join(root, `packages/cli/src/bin/${name}.ts`);
  const missing = commands.filter((name) => !existsSync(sourceOf(name)));
  if (!quiet) for (const name of missing) console.log(`${name.padEnd(12)} has no source yet (${sourceOf(name)})`);
  const entries = Object.fromEntries(
    commands.filter((name) => !missing.includes(name)).map((name) => [name, sourceOf(name)]),
  );
  if (Object.keys(entries).length === 0) return true;
  const started = performance.now();
  try {
    for (const { name, bytes, changed } of await bundleCommands(entries, join(root, "packages/cli/dist"))) {
      const state = changed ? "built" : "is current";
      if (changed || !quiet)
        console.log(`${name.padEnd(12)} ${state}, loads ${(bytes / 1000).toFixed(0)} kB at its start`);
    }
    if (!quiet) console.log(`in ${since(started)}`);
    return true;
  } catch (error) {
    process.stderr.write(`the commands do not build\n${error instanceof Error ? error.message : String(error)}\n`);
    return false;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exitCode = (await buildAll({ quiet: false })) ? 0 : 1;
}
