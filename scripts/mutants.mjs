// npm run mutants: plants one bug at a time into the production code and shows which checker finds it, and in how many
// seeds. A mutant is one change of one place in one file (tests/mutants/mutants.json); it exists only in the bundle that
// a checker is run from. A mutant that nobody finds is a hole in the checkers.
//
//   npm run mutants -- --only vote-not-persisted,learner-counts --checker raft,sim --effort 2 --jobs 2
//
//   --all       asks every checker of a mutant, not only until the first one finds it
//   --effort N  multiplies the seeds that a checker may spend (1)
import { readFileSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { bundle } from "./lib/bundle.mjs";
import { fail, parseArgs, root, run, since } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

/**
 * How a checker is asked: what it is bundled from, what it is told, and what its words mean. `judge` gives the number of
 * seeds (or images) until it found something; undefined when it found nothing.
 *
 * @type {Readonly<Record<string, {
 *   entry: string, args: (seeds: number) => readonly string[], seeds: number,
 *   judge: (output: string, code: number) => number | undefined }>>}
 */
const checkers = {
  raft: {
    entry: "tests/interop/raft-oracle/campaign.ts",
    // Two differences: the first one is not shrunk then.
    args: (seeds) => ["--seed", "1", "--schedules", String(seeds), "--differences", "2"],
    seeds: 3000,
    judge: (output, code) => {
      if (code === 0) return undefined;
      return Number(/^seed (\d+) differs$/m.exec(output)?.[1] ?? 1);
    },
  },
};

/** Every checker's entry exports `main(args, print)`, which gives the exit code. */
const starter = `
  import { pathToFileURL } from "node:url";
  const [program, ...args] = process.argv.slice(1);
  const { main } = await import(pathToFileURL(program).href);
  process.exitCode = await main(args, console.log);
`;

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
 * Runs a checker over the code with a mutant in it, or as it is.
 *
 * @returns {Promise<{ seeds: number | undefined, output: string }>}
 */
async function ask(name, mutant, effort) {
  const { entry, args, seeds, judge } = checkers[name];
  const program = join(root, "node_modules/.cache/mutants", `${mutant?.id ?? "none"}-${name}.mjs`);
  try {
    await bundle(join(root, entry), program, planted(mutant));
    const argv = ["--enable-source-maps", "--input-type=module", "--eval", starter, program];
    argv.push(...args(Math.max(1, Math.round(seeds * effort))));
    const { code, output } = await run(process.execPath, argv, { capture: true, timeoutMs: 900_000 });
    return { seeds: judge(output, code), output };
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
  const { seeds, output } = await ask(name, undefined, effort);
  if (seeds !== undefined) fail(`${name} finds something in the code without a mutant:\n${output}`);
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
      const { seeds } = await ask(name, mutant, effort);
      caught ||= seeds !== undefined;
      verdicts.push(seeds === undefined ? `${name}: not found` : `${name}: in ${seeds}`);
    }
    if (caught) found += 1;
    console.log(`${caught ? "found " : "MISSED"} ${mutant.id.padEnd(34)} ${verdicts.join(", ")}`);
  }
}
await Promise.all(Array.from({ length: jobs }, work));
console.log(`${since(started)}; the numbers are seeds, schedules or disk images until something was found`);
console.log(`${found} of ${chosen.length} found`);
process.exitCode = found === chosen.length ? 0 : 1;
