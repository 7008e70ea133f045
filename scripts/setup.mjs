// Makes a fresh clone ready: installs what package-lock.json names, bundles the commands, links them into
// node_modules/.bin. Run again it does only what is missing; every other script starts with it.
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { localBin, root, run } from "./lib/run.mjs";

/** @returns {string | undefined} why node_modules does not hold what package-lock.json names; undefined when it does. */
function staleReason() {
  const hidden = join(root, "node_modules/.package-lock.json");
  if (!existsSync(hidden)) return "node_modules is missing or unfinished";
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const present = JSON.parse(readFileSync(hidden, "utf8")).packages;
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.startsWith("node_modules/") || entry.optional === true) continue; // Optional: for other platforms.
    const found = present[path];
    if (found === undefined) return `${path} is missing`;
    if (found.version !== entry.version) return `${path} is ${found.version}, not ${entry.version}`;
    if (found.integrity !== entry.integrity) return `${path} has other content than the lock file says`;
    if (entry.link === true && !existsSync(join(root, path))) return `${path} is not linked`;
  }
  return undefined;
}

/**
 * Installs what the lock file names.
 *
 * `npm ci` refuses a lock file without the optional builds for other platforms, which is what npm writes where the
 * registry does not offer them all; `npm install --no-save` takes the same versions and leaves the lock file alone.
 *
 * @returns {Promise<boolean>} false, with npm's output printed, when that fails.
 */
async function install() {
  const flags = ["--no-audit", "--no-fund", "--loglevel=error"];
  let result = await run("npm", ["ci", ...flags], { capture: true });
  if (result.code !== 0 && result.output.includes("Missing: ")) {
    result = await run("npm", ["install", "--no-save", ...flags], { capture: true });
  }
  if (result.code === 0) return true;
  process.stderr.write(`${result.output}\nnpm could not install; is the package registry within reach?\n`);
  return false;
}

/** Links what packages/cli offers as commands; npm does so only when it installs after the commands were added. */
function linkCommands() {
  const { bin } = JSON.parse(readFileSync(join(root, "packages/cli/package.json"), "utf8"));
  mkdirSync(localBin, { recursive: true });
  for (const [name, file] of Object.entries(bin)) {
    const link = join(localBin, name);
    if (existsSync(link)) continue;
    try {
      rmSync(link, { force: true }); // It may be there and lead nowhere.
      symlinkSync(join("../@quorate/cli", file), link);
    } catch (error) {
      if (error.code !== "EEXIST") throw error; // Another set-up was quicker.
    }
  }
}

/**
 * Installs, builds and links as far as needed.
 *
 * @returns {Promise<boolean>} false, with the reason printed, when the checkout cannot be made ready.
 */
export async function setup() {
  const reason = staleReason();
  if (reason !== undefined) {
    console.log(`installing packages (${reason})`);
    if (!(await install())) return false;
  }
  linkCommands();
  const { buildAll } = await import("./build.mjs"); // Not before: it needs esbuild, which was perhaps just installed.
  return buildAll({ quiet: true });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const good = await setup();
  if (good) console.log("ready");
  process.exitCode = good ? 0 : 1;
}
