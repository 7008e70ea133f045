// The read-only gate (npm run check): format, lint, types, layers, generated code, dead code. Two steps run at a time;
// each prints a line with its time, a failing one its output.
//
//   npm run check -- --only lint,layers
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fail, localBin, parseArgs, root, run, since } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

const outputLinesMax = 120;
const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" };
const tool = (name) => join(localBin, name);
const script = (name) => join(root, "scripts", name);

/** @type {readonly { name: string, command: string, args: readonly string[] }[]} */
const steps = [
  { name: "types", command: tool("tsc"), args: ["-p", "tsconfig.json"] },
  { name: "types-tests", command: tool("tsc"), args: ["-p", "tests/tsconfig.json"] },
  { name: "types-core", command: tool("tsc"), args: ["-p", "tsconfig.core.json"] },
  { name: "lint", command: tool("oxlint"), args: ["--deny-warnings"] },
  { name: "layers", command: process.execPath, args: [script("layers.mjs")] },
  { name: "dead-code", command: tool("knip"), args: ["--no-config-hints"] },
  { name: "format", command: tool("biome"), args: ["check", "."] },
  { name: "robustness", command: process.execPath, args: [script("robustness.mjs"), "--check"] },
  { name: "generated", command: process.execPath, args: [script("gen-proto.mjs"), "--check"] },
];

const { options } = parseArgs(process.argv.slice(2), ["only"]);
const only = typeof options["only"] === "string" ? options["only"].split(",") : steps.map(({ name }) => name);
const unknown = only.filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) fail(`no such step: ${unknown.join(", ")}; there are ${steps.map((s) => s.name).join(", ")}`);
if (!(await setup())) process.exit(1);

const started = performance.now();
const waiting = steps.filter(({ name }) => only.includes(name));
const failed = [];

/** One broken type can drown a screen in reports; what comes first is what to mend first. */
function shorten(output, step) {
  const lines = output.split("\n");
  if (lines.length <= outputLinesMax) return output;
  const rest = `… ${lines.length - outputLinesMax} more lines: ${[step.command, ...step.args].join(" ")}`;
  return [...lines.slice(0, outputLinesMax), rest].join("\n");
}

async function work() {
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
    const begun = performance.now();
    const { code, output } = await run(step.command, step.args, { env, capture: true, timeoutMs: 300_000 });
    if (code !== 0) failed.push(step.name);
    console.log(`${code === 0 ? "ok  " : "FAIL"} ${step.name.padEnd(11)} ${since(begun)}`);
    if (code !== 0) process.stdout.write(`${shorten(output.trimEnd(), step)}\n\n`);
    else if (step.name === "layers") process.stdout.write(`     ${output.trimEnd()}\n`);
  }
}

await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
console.log(failed.length === 0 ? `all good in ${since(started)}` : `failed: ${failed.join(", ")} (${since(started)})`);
process.exitCode = failed.length === 0 ? 0 : 1;
