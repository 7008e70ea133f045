// npm run crash-explorer: crashes of recorded runs, opened and checked; -- [--run NAME] [--full] [--seed N] [--image TEXT]
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundle } from "./lib/bundle.mjs";
import { root } from "./lib/run.mjs";

const folder = join(root, "node_modules/.cache/crash-explorer");
const program = join(folder, `explorer-${process.pid}.mjs`);
mkdirSync(folder, { recursive: true });
try {
  await bundle(join(root, "packages/sim/src/crash/index.ts"), program);
  const { crashExplorer } = await import(pathToFileURL(program).href);
  process.exitCode = await crashExplorer(process.argv.slice(2), console.log, () => performance.now());
} finally {
  rmSync(program, { force: true });
  rmSync(`${program}.map`, { force: true });
}
