import { spawn } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { realBinary } from "../../support/index.ts";
import { agrees, compare, playSeed, report, shrink } from "./compare.ts";
import { parseSchedule, type Schedule } from "./commands.ts";
import { Oracle, type Verdict } from "./oracle.ts";

/** Schedules that the Go program may have before it is waited for. */
const aheadMax = 32;

/** The intended differences, in the order in which the Go program counts them; rules.go says what they are. */
const rules: readonly string[] = [
  "term and commit taken from the log at load",
  "shared round of heartbeats for reads",
  "reads of a member that votes alone",
  "reads of a leader that was removed",
  "impossible change made empty",
  "change while a snapshot is pending",
  "size of the empty entry",
  "commit past the log",
  "acknowledgement past the log",
  "refusal of what was acknowledged",
];

/** What a run of schedules gave. */
interface Outcome {
  readonly schedules: number;
  readonly steps: number;
  /** Schedules in which members had to stop, on both sides alike. */
  readonly stopped: number;
  /** How often each rule was met, and in how many schedules. */
  readonly met: readonly number[];
  /** The seeds with a difference. */
  readonly differing: readonly number[];
}

interface RunOptions {
  readonly seed: number;
  readonly schedules: number;
  /** The run ends when so many seeds differ. */
  readonly differencesMax: number;
}

/** Plays the schedules of consecutive seeds on both sides. */
async function run(oracle: Oracle, { seed, schedules, differencesMax }: RunOptions): Promise<Outcome> {
  const met = rules.map(() => 0);
  const differing: number[] = [];
  let steps = 0;
  let stopped = 0;
  let played = 0;
  const judge = (at: number, ours: ReturnType<typeof playSeed>, verdict: Verdict): void => {
    steps += verdict.steps;
    if (verdict.stops.length > 0) stopped += 1;
    for (let i = 0; i < met.length; i++) met[i] = (met[i] as number) + (verdict.met[i] as number);
    if (!agrees(ours, verdict)) differing.push(at);
  };
  const ahead: Promise<void>[] = [];
  for (; played < schedules && differing.length < differencesMax; played++) {
    const at = seed + played;
    const ours = playSeed(at);
    ahead.push(oracle.play(ours.schedule).then((verdict) => judge(at, ours, verdict)));
    if (ahead.length >= aheadMax) await ahead.shift();
  }
  await Promise.all(ahead);
  return { schedules: played, steps, stopped, met, differing };
}

async function explained(oracle: Oracle, seed: number): Promise<string> {
  const found = await compare(oracle, playSeed(seed).schedule);
  if (found === undefined) return `seed ${seed}: the digests differ, but no text does`;
  const least = await shrink(oracle, found);
  return `seed ${seed}, step ${found.step} of ${found.schedule.commands.length}, shrunk to:\n${report(least)}`;
}

/** Shares the schedules among processes that each run this program. */
async function shared(jobs: number, { seed, schedules, differencesMax }: RunOptions): Promise<Outcome> {
  const parts = Array.from({ length: jobs }, async (_, job): Promise<Outcome> => {
    const from = Math.floor((schedules * job) / jobs);
    const to = Math.floor((schedules * (job + 1)) / jobs);
    const args = ["--schedules", to - from, "--seed", seed + from, "--differences", differencesMax, "--part"];
    const child = spawn(process.execPath, [process.argv[1] as string, ...args.map(String)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) throw new Error(`a part of the run ended with ${code}`);
    return JSON.parse(output) as Outcome;
  });
  const outcomes = await Promise.all(parts);
  const sum = (count: (outcome: Outcome) => number): number => outcomes.reduce((all, one) => all + count(one), 0);
  return {
    schedules: sum((one) => one.schedules),
    steps: sum((one) => one.steps),
    stopped: sum((one) => one.stopped),
    met: rules.map((_, i) => sum((one) => one.met[i] as number)),
    differing: outcomes.flatMap((one) => one.differing).sort((a, b) => a - b),
  };
}

const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

/** Tells what came of a run; the last line counts. */
function told({ schedules, steps, stopped, met, differing }: Outcome, startedMs: number): string[] {
  const seconds = (performance.now() - startedMs) / 1000;
  const end = differing.length === 0 ? "no unexplained difference" : `differences in ${differing.length}`;
  return [
    ...rules.map((rule, i) => `  ${grouped(met[i] as number).padStart(11)}  ${rule}`),
    `  ${grouped(stopped).padStart(11)}  schedules in which lost disks stopped members, on both sides alike`,
    `${seconds.toFixed(1)} s, ${grouped(Math.round(steps / seconds))} steps a second`,
    `${schedules} schedules, ${grouped(steps)} steps: ${end}`,
  ];
}

const usage = `usage: npm run raft-oracle -- [--schedules COUNT] [--seed N] [--jobs N] [--differences N]
       npm run raft-oracle -- --schedule TEXT

  --schedules COUNT  random schedules to play on both sides (10000)
  --seed N           the seed of the first of them (1)
  --jobs N           processes that share them (1)
  --differences N    goes on until so many seeds differ, and names them; 1 tells the first one in full (1)
  --schedule TEXT    one schedule, as a difference reports it

Ends with 0 if nothing differs, 1 if something does, 2 if it cannot be understood.`;

/** Numbers that may be asked for, with what they are unless asked for. */
const counts = { schedules: "10000", seed: "1", jobs: "1", differences: "1" } as const;
type Counts = Record<keyof typeof counts, number>;

interface Options extends Counts {
  readonly schedule: string | undefined;
  readonly help: boolean;
  /** One of several processes that share the schedules. */
  readonly part: boolean;
}

/** @throws Error that says what cannot be understood. */
function readOptions(args: readonly string[]): Options {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ schedules: text, seed: text, jobs: text, differences: text, schedule: text },
      ...{ part: flag, help: flag },
    },
  });
  const found: Counts = { schedules: 0, seed: 0, jobs: 0, differences: 0 };
  for (const name of Object.keys(counts) as (keyof Counts)[]) {
    const value = values[name] ?? counts[name];
    const number = Number(value);
    if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || (number === 0 && name !== "seed")) {
      throw new Error(`--${name} needs a whole number, not ${value}`);
    }
    found[name] = number;
  }
  return { ...found, schedule: values.schedule, part: values.part, help: values.help };
}

/**
 * The command `npm run raft-oracle`.
 *
 * @returns the code to end with.
 */
export async function main(args: readonly string[], print: (line: string) => void): Promise<number> {
  let options: Options;
  let schedule: Schedule | undefined;
  try {
    options = readOptions(args);
    if (options.schedule !== undefined) schedule = parseSchedule(options.schedule);
  } catch (error) {
    print(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    print(usage);
    return 0;
  }
  const startedMs = performance.now();
  const binary = realBinary("raft-oracle");
  if (binary === undefined) {
    print('raft-oracle is missing; "npm run peers -- --only raft-oracle" builds it');
    return 2;
  }
  const oracle = new Oracle(binary);
  try {
    if (schedule !== undefined) return await playAgain(oracle, schedule, print);
    const { schedules, seed, jobs, differences: differencesMax } = options;
    const choice = { schedules, seed, differencesMax };
    const outcome = jobs > 1 ? await shared(jobs, choice) : await run(oracle, choice);
    if (options.part) {
      print(JSON.stringify(outcome));
      return 0;
    }
    for (const at of outcome.differing)
      print(differencesMax === 1 ? await explained(oracle, at) : `seed ${at} differs`);
    for (const line of told(outcome, startedMs)) print(line);
    return outcome.differing.length === 0 ? 0 : 1;
  } finally {
    await oracle.close();
  }
}

async function playAgain(oracle: Oracle, schedule: Schedule, print: (line: string) => void): Promise<number> {
  const found = await compare(oracle, schedule);
  print(found === undefined ? "no unexplained difference" : report(found));
  return found === undefined ? 0 : 1;
}
