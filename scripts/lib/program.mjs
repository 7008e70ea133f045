// Programs of the repository that are written in TypeScript and started by a script.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundle } from "./bundle.mjs";
import { fail, root } from "./run.mjs";

/**
 * Runs a program in this process, as if it had been started by itself: no second process that a signal could miss.
 *
 * @param {string} path of an ES module
 * @param {readonly string[]} args
 */
export async function become(path, args) {
  process.argv = [process.execPath, path, ...args];
  await import(pathToFileURL(path).href);
}

/**
 * Bundles a TypeScript program and runs it in this process.
 *
 * @param {string} source path from the root
 * @param {readonly string[]} args
 */
export async function becomeProgram(source, args) {
  if (!existsSync(join(root, source))) fail(`${source} does not exist`);
  const program = join(root, "node_modules/.cache/programs", `${source.replaceAll("/", "-").replace(/\.ts$/, "")}.mjs`);
  try {
    await bundle(join(root, source), program);
  } catch (error) {
    fail(`${source} does not bundle: ${error instanceof Error ? error.message : String(error)}`);
  }
  process.setSourceMapsEnabled(true);
  await become(program, args);
}
