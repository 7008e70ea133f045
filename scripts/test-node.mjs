// npm run test:node -- 24 [what npm test takes]: the tests on another Node, fetched as an npm package into npm's cache.
// The commands under test run on it too, because it stands first in PATH.
import { fail, run } from "./lib/run.mjs";

const [version, ...rest] = process.argv.slice(2);
if (version === undefined || !/^\d+(\.\d+){0,2}$/.test(version))
  fail("which Node? For example: npm run test:node -- 24");

const npx = ["--yes", "--loglevel=error", "--package", `node@${version}`, "--", "node"];
const said = await run("npx", [...npx, "--version"], { capture: true, timeoutMs: 300_000 });
if (said.code !== 0) fail(`cannot have node@${version}: ${said.output.trim()}`);
console.log(`testing on Node ${said.stdout.trim()}`);
const { code } = await run("npx", [...npx, "scripts/test.mjs", ...rest], { timeoutMs: 3_600_000 });
process.exitCode = code;
