/** What the command line asks for. */
export interface Options {
  readonly seed: number;
  /** 0: one run of `seed`. */
  readonly seeds: number;
  readonly from: number;
  readonly jobs: number;
  readonly members: number | undefined;
  readonly events: number | undefined;
  readonly faults: ReadonlySet<number> | undefined;
  readonly scenario: string | undefined;
  /** Prints what the members log. */
  readonly logs: boolean;
  /** Prints a line for each seed that holds. */
  readonly each: boolean;
  /** Lets the program's own loop run the promises. */
  readonly slowly: boolean;
  /** Does not shrink the faults of a run that fails. */
  readonly quick: boolean;
  /** One of several processes that share the seeds. */
  readonly part: boolean;
  /** The options that such processes are given as well. */
  readonly shared: readonly string[];
}

export const usage = `usage: npm run sim -- [--seed N | --seeds COUNT [--from N] [--jobs N] [--each]] [options]

  --seed N        the run of this seed; the same seed gives the same run, event for event (1)
  --seeds COUNT   so many seeds, one after the other
  --from N        the first of them (that of --seed)
  --jobs N        processes that share them (1)
  --each          tells of the seeds that hold as well
  --members N     members at the start, 1 to 7 (drawn from the seed)
  --events N      events of the phase with faults (10000)
  --faults LIST   only the faults with these numbers, such as 3,9
  --scenario ID   a scenario of the catalogue, such as M24, with the seed or the seeds and nothing else of the above
  --logs          tells what the members log
  --quick         tells of a run that fails as it was, without looking for the fewest faults that break it
  --slowly        lets the program's own loop run the promises: the same runs, more slowly

Ends with 0 if all held, 1 if something broke, 2 if it cannot be understood.`;

const numbers = ["seed", "seeds", "from", "jobs", "members", "events"] as const;
const texts = ["faults", "scenario"] as const;
const switches = ["logs", "each", "slowly", "quick", "part"] as const;

/** Of those that have bounds of their own: the least and the most. */
const bounds: Readonly<Record<string, readonly [number, number]>> = {
  seeds: [1, Number.MAX_SAFE_INTEGER],
  jobs: [1, 64],
  members: [1, 7],
};

function numberProblem(name: string, value: string): string | undefined {
  if (!/^\d+$/.test(value)) return `--${name} needs a whole number, not ${value}`;
  const [least, most] = bounds[name] ?? [0, Number.MAX_SAFE_INTEGER];
  const number = Number(value);
  return number < least || number > most ? `--${name} is ${least} to ${most}, not ${value}` : undefined;
}

const listProblem = (value: string): string | undefined =>
  /^\d+(,\d+)*$/.test(value) ? undefined : `--faults needs numbers with commas between them, not ${value}`;

/** @returns the options, or why they cannot be understood. */
export function parseOptions(args: readonly string[]): Options | string {
  const given = new Map<string, string>();
  const shared: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const [name = "", inline] = (args[i] as string).replace(/^--/, "").split("=", 2);
    if ((switches as readonly string[]).includes(name)) {
      given.set(name, "1");
      if (name !== "part") shared.push(`--${name}`);
      continue;
    }
    const isNumber = (numbers as readonly string[]).includes(name);
    if (!isNumber && !(texts as readonly string[]).includes(name)) return `unknown option ${args[i]}`;
    if (inline === undefined) i += 1;
    const value = inline ?? args[i];
    if (value === undefined) return `--${name} needs a value`;
    const problem = isNumber ? numberProblem(name, value) : name === "faults" ? listProblem(value) : undefined;
    if (problem !== undefined) return problem;
    given.set(name, value);
    if (!["seed", "seeds", "from", "jobs"].includes(name)) shared.push(`--${name}`, value);
  }
  const number = (name: (typeof numbers)[number], otherwise: number): number => Number(given.get(name) ?? otherwise);
  const optional = (name: (typeof numbers)[number]): number | undefined =>
    given.has(name) ? Number(given.get(name)) : undefined;
  if (given.has("scenario")) {
    const strange = ["members", "events", "faults", "jobs"].find((name) => given.has(name));
    if (strange !== undefined) return `--${strange} does not go with --scenario, whose scripts say what they need`;
  }
  const faults = given.get("faults");
  return {
    seed: number("seed", 1),
    seeds: number("seeds", 0),
    from: number("from", number("seed", 1)),
    jobs: number("jobs", 1),
    members: optional("members"),
    events: optional("events"),
    faults: faults === undefined ? undefined : new Set(faults.split(",").map(Number)),
    scenario: given.get("scenario"),
    logs: given.has("logs"),
    each: given.has("each"),
    slowly: given.has("slowly"),
    quick: given.has("quick"),
    part: given.has("part"),
    shared,
  };
}
