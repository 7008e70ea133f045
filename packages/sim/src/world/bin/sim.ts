/**
 * The program behind `npm run sim`.
 *
 * ```
 * npm run sim -- --seed 7                          one run, with its last line and, if it fails, its story
 * npm run sim -- --seeds 1000 --from 1 --jobs 2    many, and how fast they went
 * npm run sim -- --seed 7 --faults 3,9             only these faults
 * npm run sim -- --scenario M24 --seed 7           a scenario of the catalogue
 * ```
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { drive } from "../drive.ts";
import type { RunRequest } from "../plan.ts";
import { replayCommand, tellFailure, tellHeld } from "../report.ts";
import { type RunResult, SeedRun } from "../run.ts";
import { runScenarios } from "../scenarios/command.ts";
import { shrinkFaults } from "../shrink.ts";
import { type Options, parseOptions, usage } from "./options.ts";

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function requestOf(options: Options, seed: number): RunRequest {
  return {
    seed,
    ...(options.members === undefined ? {} : { members: options.members }),
    ...(options.events === undefined ? {} : { events: options.events }),
    ...(options.faults === undefined ? {} : { faults: options.faults }),
  };
}

async function runSeed(request: RunRequest, logs: boolean, slowly: boolean): Promise<RunResult> {
  const logLines = (node: string, level: string, message: string, fields: unknown): void =>
    say(`  ${node} ${level} ${message} ${fields === undefined ? "" : JSON.stringify(fields)}`);
  const run = new SeedRun(request, logs ? { logLines } : {});
  await drive(run, slowly);
  return run.result();
}

/** Tells everything about a run that failed, with the fewest faults that break the same invariant. */
async function tellShrunk(options: Options, result: RunResult): Promise<void> {
  const { failure, seed } = result;
  if (failure === undefined) return;
  if (options.quick || options.faults !== undefined) {
    for (const line of tellFailure(result)) say(line);
    return;
  }
  const again = (faults: readonly number[]): Promise<RunResult> =>
    runSeed({ ...requestOf(options, seed), faults: new Set(faults) }, false, options.slowly);
  const kept = await shrinkFaults(
    result.tried,
    async (faults) => (await again(faults)).failure?.invariant === failure.invariant,
  );
  for (const line of tellFailure(await again(kept), kept)) say(line);
}

/** Runs one seed and tells what came of it. @returns whether it held. */
async function runOne(options: Options): Promise<boolean> {
  const result = await runSeed(requestOf(options, options.seed), options.logs, options.slowly);
  if (result.failure === undefined) say(tellHeld(result));
  else await tellShrunk(options, result);
  return result.failure === undefined;
}

interface Tally {
  seeds: number;
  events: number;
  failed: number;
}

/** Runs seed after seed. The first that fails is told in full, of the others what broke. */
async function runRange(options: Options, from: number, to: number, tally: Tally): Promise<void> {
  for (let seed = from; seed < to; seed++) {
    const result = await runSeed(requestOf(options, seed), false, options.slowly);
    tally.seeds += 1;
    tally.events += result.events;
    if (result.failure === undefined) {
      if (options.each) say(tellHeld(result));
      continue;
    }
    tally.failed += 1;
    if (tally.failed === 1 && !options.quick) await tellShrunk(options, result);
    say(`seed ${seed}: ${result.failure.invariant}: ${result.failure.message.split("\n")[0]}`);
    say(`replay: ${replayCommand(result, undefined)}`);
  }
}

/** Shares the seeds out among processes; each says one line of numbers at its end. */
async function runJobs(options: Options, tally: Tally): Promise<void> {
  const share = Math.ceil(options.seeds / options.jobs);
  const jobs: Promise<void>[] = [];
  for (let job = 0; job < options.jobs; job++) {
    const from = options.from + job * share;
    const count = Math.min(share, options.from + options.seeds - from);
    if (count <= 0) continue;
    const own = ["--seeds", String(count), "--from", String(from), "--jobs", "1", "--part"];
    const shared = options.shared;
    const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? "", ...shared, ...own], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = createInterface({ input: child.stdout });
    lines.on("line", (line) => {
      const part = /^part (\d+) (\d+) (\d+)$/.exec(line);
      if (part === null) {
        say(line);
        return;
      }
      tally.seeds += Number(part[1]);
      tally.events += Number(part[2]);
      tally.failed += Number(part[3]);
    });
    jobs.push(
      new Promise((resolve, reject) => {
        child.on("close", (code) =>
          code === 0 || code === 1 ? resolve() : reject(new Error(`a job ended with ${code}`)),
        );
        child.on("error", reject);
      }),
    );
  }
  await Promise.all(jobs);
}

async function runMany(options: Options): Promise<boolean> {
  const tally: Tally = { seeds: 0, events: 0, failed: 0 };
  const started = performance.now();
  if (options.jobs > 1) await runJobs(options, tally);
  else await runRange(options, options.from, options.from + options.seeds, tally);
  const rate = Math.round(tally.events / ((performance.now() - started) / 1000));
  if (options.part) say(`part ${tally.seeds} ${tally.events} ${tally.failed}`);
  else if (tally.failed === 0) say(`${tally.seeds} seeds: held, ${tally.events} events, ${rate} events/s`);
  else say(`${tally.seeds} seeds: ${tally.failed} failed, ${tally.events} events, ${rate} events/s`);
  return tally.failed === 0;
}

// A promise that nobody looks after is a fault of the members, unless its process was killed before.
process.on("unhandledRejection", (error) => {
  if (error instanceof Error && error.name === "DeadProcessError") return;
  process.stderr.write(
    `unhandled rejection: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exit(2);
});

const args = process.argv.slice(2);
const parsed = parseOptions(args);
if (args.includes("--help")) {
  say(usage);
} else if (typeof parsed === "string") {
  process.stderr.write(`${parsed}\n"npm run sim -- --help" tells what there is.\n`);
  process.exitCode = 2;
} else {
  const { scenario } = parsed;
  const run = parsed.seeds > 0 ? runMany : runOne;
  if (scenario === undefined) process.exitCode = (await run(parsed)) ? 0 : 1;
  else {
    const { from, seeds, each, logs, slowly } = parsed;
    process.exitCode = await runScenarios({ id: scenario, from, seeds, each, logs, slowly, say });
  }
}
