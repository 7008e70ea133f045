// npm run mutants: plants one bug at a time into the production code and shows which checker finds it, and in how many
// seeds. A mutant is one change of one place in one file (tests/mutants/mutants.json); it exists only in the bundle that
// a checker is run from. A mutant that nobody finds is a hole in the checkers.
//
//   npm run mutants -- --only vote-not-persisted,learner-counts --checker raft,sim --effort 2 --jobs 2
//
//   --all       asks every checker of a mutant, not only until the first one finds it
//   --effort N  multiplies the seeds that a checker may spend (1)
import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { bundle } from "./lib/bundle.mjs";
import { fail, parseArgs, root, since } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

/**
 * How a checker is asked: what it is bundled from, how its bundle is started, what it is told, how many seeds it may
 * spend, and the line of its output that says it found something: the first group is the number of seeds until then.
 *
 * @type {Readonly<Record<string, {
 *   entry: string, start: string, args: (seeds: number) => readonly string[], seeds: number,
 *   finding: (lines: readonly string[]) => number | undefined }>>}
 */
const checkers = {
  raft: {
    entry: "tests/interop/raft-oracle/campaign.ts",
    start: "process.exitCode = await (await import(program)).main(args, console.log);",
    // Two differences: a single one would be shrunk.
    args: (seeds) => ["--seed", "1", "--schedules", String(seeds), "--differences", "2"],
    seeds: 3000,
    finding: (lines) => numberIn(lines, /^seed (\d+) differs$/),
  },
  sim: {
    entry: "packages/sim/src/world/bin/sim.ts",
    start: "await import(program);",
    args: (seeds) => ["--from", "1", "--seeds", String(seeds), "--quick"],
    seeds: 400,
    finding: (lines) => numberIn(lines, /^seed (\d+): (?!held)/),
  },
  crash: {
    entry: "packages/sim/src/crash/index.ts",
    start:
      "process.exitCode = await (await import(program)).crashExplorer(args, console.log, () => performance.now());",
    args: () => ["--seed", "1"],
    seeds: 1,
    finding: (lines) => (numberIn(lines, /^image .* of (.)/) === undefined ? undefined : imagesIn(lines)),
  },
};

function numberIn(lines, pattern) {
  const match = lines.map((line) => pattern.exec(line)).find((found) => found !== null);
  return match === undefined ? undefined : Number.parseInt(match?.[1] ?? "", 10) || 1;
}

const imagesIn = (lines) => lines.reduce((sum, line) => sum + Number(/ (\d+) images /.exec(line)?.[1] ?? 0), 0);

/** @typedef {{ id: string, what: string, file: string, from: string, to: string, checkers: readonly string[] }} Mutant */

/** @type {readonly Mutant[]} */
const mutants = JSON.parse(readFileSync(join(root, "tests/mutants/mutants.json"), "utf8"));

/** @param {Mutant | undefined} mutant @returns {import("esbuild").Plugin[]} */
function planted(mutant) {
  if (mutant === undefined) return [];
  const path = join(root, mutant.file);
  const setupPlugin = (build) =>
    build.onLoad({ filter: /\.ts$/ }, async (args) => {
      if (args.path !== path) return undefined;
      const source = await readFile(path, "utf8");
      const parts = source.split(mutant.from);
      if (parts.length !== 2) throw new Error(`${mutant.id}: its place occurs ${parts.length - 1} times`);
      return { contents: parts.join(mutant.to), loader: "ts" };
    });
  return [{ name: "mutant", setup: setupPlugin }];
}

/**
 * Runs a program until it has said what is looked for, or has ended.
 *
 * @param {readonly string[]} argv of node
 * @param {(lines: readonly string[]) => number | undefined} finding
 * @returns {Promise<{ found: number | undefined, output: string }>} a program that breaks down has found something too
 */
function runUntil(argv, finding) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, argv, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    let output = "";
    let found;
    const timer = setTimeout(() => child.kill("SIGKILL"), timeMs);
    const look = (text) => {
      output += text;
      if (found !== undefined) return;
      found = finding(output.split("\n").slice(0, -1));
      if (found !== undefined) child.kill("SIGKILL");
    };
    child.stdout.setEncoding("utf8").on("data", look);
    child.stderr.setEncoding("utf8").on("data", look);
    child.on("close", (code) => {
      running.delete(child);
      clearTimeout(timer);
      resolve({ found: found ?? (code === 0 || code === null ? undefined : 1), output });
    });
  });
}

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
for (const [signal, number] of Object.entries({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 })) {
  process.once(signal, () => process.exit(128 + number));
}

/** A checker that takes longer found nothing. */
const timeMs = 900_000;

/**
 * Runs a checker over the code with a mutant in it, or as it is.
 *
 * @returns {Promise<{ found: number | undefined, output: string }>}
 */
async function ask(name, mutant, effort) {
  const { entry, start, args, seeds, finding } = checkers[name];
  const program = join(root, "node_modules/.cache/mutants", `${mutant?.id ?? "none"}-${name}.mjs`);
  try {
    await bundle(join(root, entry), program, planted(mutant));
    const starter = `const [program, ...args] = process.argv.slice(1); ${start}`;
    const argv = ["--enable-source-maps", "--input-type=module", "--eval", starter, program];
    return await runUntil([...argv, ...args(Math.max(1, Math.round(seeds * effort)))], finding);
  } finally {
    rmSync(program, { force: true });
    rmSync(`${program}.map`, { force: true });
  }
}

const { options } = parseArgs(process.argv.slice(2), ["only", "checker", "effort", "jobs"], ["all"]);
const listed = (value) => (typeof value === "string" ? value.split(",") : undefined);
const only = listed(options["only"]);
const asked = listed(options["checker"]);
const effort = Number(options["effort"] ?? 1);
const jobs = Number(options["jobs"] ?? 2);
for (const id of only ?? []) if (!mutants.some((mutant) => mutant.id === id)) fail(`there is no mutant ${id}`);
for (const name of asked ?? []) if (checkers[name] === undefined) fail(`there is no checker ${name}`);
if (!(effort > 0) || !Number.isInteger(jobs) || jobs < 1) fail("--effort and --jobs are positive numbers");
if (!(await setup())) process.exit(1);

const started = performance.now();
const wants = (name) => asked === undefined || asked.includes(name);
const chosen = mutants.filter(
  (mutant) => (only === undefined || only.includes(mutant.id)) && mutant.checkers.some(wants),
);

// A checker that complains of the code as it is proves nothing.
for (const name of new Set(chosen.flatMap((mutant) => mutant.checkers).filter(wants))) {
  const { found: wrongly, output } = await ask(name, undefined, effort);
  if (wrongly !== undefined) fail(`${name} finds something in the code without a mutant:\n${output}`);
  console.log(`${name} holds without a mutant (${since(started)})`);
}

let found = 0;
const waiting = [...chosen];
async function work() {
  for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
    const verdicts = [];
    let caught = false;
    for (const name of mutant.checkers.filter(wants)) {
      if (caught && options["all"] === undefined) break;
      const { found: after } = await ask(name, mutant, effort);
      caught ||= after !== undefined;
      verdicts.push(after === undefined ? `${name}: not found` : `${name}: in ${after}`);
    }
    if (caught) found += 1;
    console.log(`${caught ? "found " : "MISSED"} ${mutant.id.padEnd(34)} ${verdicts.join(", ")}`);
  }
}
await Promise.all(Array.from({ length: jobs }, work));
console.log(`${since(started)}; the numbers are seeds, schedules or disk images until something was found`);
console.log(`${found} of ${chosen.length} found`);
process.exitCode = found === chosen.length ? 0 : 1;
