// npm run mutants: plants one bug at a time into the production code and shows which checker finds it, and in how many
// of its seeds. A mutant is one change of one place in one file (tests/mutants/mutants.json); it exists only in the bundle
// that a checker is run from. A mutant that nobody finds is a hole in the checkers.
//
//   npm run mutants -- --only vote-not-persisted,learner-counts --checker raft,sim --effort 2 --jobs 2
//
//   --first     asks the checkers of a mutant only until one has found it
//   --effort N  multiplies the seeds that a checker may spend (1)
//
// A checker is asked until it has found a mutant often enough to say how often it does. One that finds nothing spends all
// that it may; where another one has found the mutant already, a tenth of that.
import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { bundle } from "./lib/bundle.mjs";
import { fail, parseArgs, root, since } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

/**
 * What a checker has said so far.
 *
 * @typedef {{ found: number, seen: number }} Tally
 *
 * How a checker is asked: what it is bundled from, how its bundle is started, what it is told, how many seeds it may
 * spend (the crash explorer: images of a run), what they are called, and how often it has found something in how many of them, by its output.
 *
 * @type {Readonly<Record<string, {
 *   entry: string, start: string, args: (seeds: number) => readonly string[], seeds: number, unit: string,
 *   tally: (lines: readonly string[]) => Tally }>>}
 */
const checkers = {
  raft: {
    entry: "tests/interop/raft-oracle/campaign.ts",
    start: "process.exitCode = await (await import(program)).main(args, console.log);",
    args: (seeds) => ["--seed", "1", "--schedules", String(seeds), "--differences", String(oftenEnough)],
    seeds: 3000,
    unit: "schedules",
    tally: (lines) => ({
      found: count(lines, /^seed \d+ differs$/),
      seen: Math.max(last(lines, /^seed (\d+) differs$/), sum(lines, /^(\d+) schedules,/)),
    }),
  },
  sim: {
    entry: "packages/sim/src/world/bin/sim.ts",
    start: "await import(program);",
    args: (seeds) => ["--from", "1", "--seeds", String(seeds), "--quick", "--each"],
    seeds: 400,
    unit: "seeds",
    tally: (lines) => ({ found: count(lines, /^seed \d+: (?!held)/), seen: count(lines, /^seed \d+: /) }),
  },
  crash: {
    entry: "packages/sim/src/crash/index.ts",
    start:
      "process.exitCode = await (await import(program)).crashExplorer(args, console.log, () => performance.now());",
    // Bits that turn over are the disk's doing: whether that is seen is not what a mutant changes.
    args: (images) => ["--seed", "1", "--images", String(images), "--without", "flips"],
    seeds: 1500,
    unit: "images",
    tally: (lines) => ({
      found: sum(lines, /^ {2}(\d+) images? of this run did not recover/),
      seen: sum(lines, /^\S+ +(\d+) images /),
    }),
  },
};

/** So many findings say how often a checker finds a mutant, and so many seeds if it has found it at all. */
const oftenEnough = 5;
const seenEnough = 100;

const count = (lines, pattern) => lines.filter((line) => pattern.test(line)).length;
const last = (lines, pattern) => lines.reduce((at, line) => Number(pattern.exec(line)?.[1] ?? at), 0);
const sum = (lines, pattern) => lines.reduce((all, line) => all + Number(pattern.exec(line)?.[1] ?? 0), 0);

/** @param {Tally} tally */
const isEnough = ({ found, seen }) => found >= oftenEnough || (found > 0 && seen >= seenEnough);

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
 * Runs a program until it has said enough, or has ended.
 *
 * @param {readonly string[]} argv of node
 * @param {(lines: readonly string[]) => Tally} tally
 * @returns {Promise<Tally & { output: string }>} a program that breaks down has found something too
 */
function runUntil(argv, tally) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, argv, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    let output = "";
    const timer = setTimeout(() => child.kill("SIGKILL"), timeMs);
    const soFar = () => tally(output.split("\n").slice(0, -1));
    const look = (text) => {
      output += text;
      if (isEnough(soFar())) child.kill("SIGKILL");
    };
    child.stdout.setEncoding("utf8").on("data", look);
    child.stderr.setEncoding("utf8").on("data", look);
    child.on("close", (code) => {
      running.delete(child);
      clearTimeout(timer);
      const { found, seen } = soFar();
      const brokeDown = code !== 0 && code !== null && found === 0;
      resolve({ found: brokeDown ? 1 : found, seen: brokeDown ? seen + 1 : seen, output });
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
const timeMs = 600_000;

/**
 * Runs a checker over the code with a mutant in it, or as it is.
 *
 * @returns {Promise<Tally & { output: string }>}
 */
async function ask(name, mutant, effort) {
  const { entry, start, args, seeds, tally } = checkers[name];
  const program = join(root, "node_modules/.cache/mutants", `${mutant?.id ?? "none"}-${name}-${process.pid}.mjs`);
  try {
    await bundle(join(root, entry), program, planted(mutant));
    const starter = `const [program, ...args] = process.argv.slice(1); ${start}`;
    const argv = ["--enable-source-maps", "--input-type=module", "--eval", starter, program];
    return await runUntil([...argv, ...args(Math.max(1, Math.round(seeds * effort)))], tally);
  } finally {
    rmSync(program, { force: true });
    rmSync(`${program}.map`, { force: true });
  }
}

const { options } = parseArgs(process.argv.slice(2), ["only", "checker", "effort", "jobs"], ["first"]);
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
  if (wrongly > 0) fail(`${name} finds something in the code without a mutant:\n${output}`);
  console.log(`${name} holds without a mutant (${since(started)})`);
}

let found = 0;
const waiting = [...chosen];
async function work() {
  for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
    const verdicts = [];
    let caught = false;
    for (const name of mutant.checkers.filter(wants)) {
      if (caught && options["first"] !== undefined) break;
      const { found: times, seen } = await ask(name, mutant, caught ? effort / 10 : effort);
      caught ||= times > 0;
      verdicts.push(`${name} in ${times} of ${seen} ${checkers[name].unit}`);
    }
    if (caught) found += 1;
    console.log(`${caught ? "found " : "MISSED"} ${mutant.id.padEnd(34)} ${verdicts.join(", ")}`);
  }
}
await Promise.all(Array.from({ length: jobs }, work));
console.log(`in ${since(started)}`);
console.log(`${found} of ${chosen.length} found`);
process.exitCode = found === chosen.length ? 0 : 1;
