/** The command `npm run crash-explorer`. */
import { bitsOf, isFailure, judgeDamage, type Specimen, type Verdict, withBit } from "./damage.ts";
import { type Explored, explore, type Failure } from "./explorer.ts";
import { defaultBounds, fullBounds } from "./fates.ts";
import { exploreLives, openNamedImage } from "./lives.ts";
import { record, type Run } from "./recorder.ts";
import { runNamed, runs } from "./runs.ts";
import { specimenAtRest, specimenLongTail } from "./specimen.ts";
import { tailCuts, tailProblem, withCut } from "./tail.ts";

interface Choice {
  readonly runs: readonly string[];
  readonly full: boolean;
  readonly seed: number;
  /** About how many images of each run are opened after one crash. */
  readonly images: number;
  readonly image: string | undefined;
}

/** What is explored beside the recorded runs: cuts of the log's tail, and every bit of a directory. */
const damages: Readonly<Record<string, string>> = {
  tail: "the end of the log cut off and zeroed at each byte of its last 8 KiB",
  flips: "each bit of a directory at rest turned over",
  "log-flips": "each bit of a log turned over that the database has not caught up with",
};

/** Without --full, about so many images of a run; and so many second lives for as many images. */
const imagesDefault = 1500;
const livesDefault = 40;

const usage = (): string =>
  [
    "npm run crash-explorer -- [--run NAME | --without NAME] [--full] [--seed N] [--images N] [--image TEXT]",
    "",
    "  --run NAME      one run; repeat it for more",
    "  --without NAME  all runs but this one; repeat it for more",
    "  --full          all that the bounds allow, and every bit; without it a part that --seed chooses",
    `  --images N      without --full, about so many images of a run, and as many after a second life (${imagesDefault})`,
    "  --image TEXT    one image of the run again, as a failure names it",
    "",
    ...runs.map(({ name, about, scenarios }) => `  ${name.padEnd(18)}${about} (${scenarios})`),
    ...Object.entries(damages).map(([name, about]) => `  ${name.padEnd(18)}${about}`),
  ].join("\n");

/**
 * Explores, and prints what it finds.
 *
 * @returns the exit code: 0 when every image recovered, 1 when one did not, 2 when the arguments are wrong.
 */
export async function crashExplorer(
  args: readonly string[],
  print: (line: string) => void,
  nowMs: () => number,
): Promise<number> {
  let choice: Choice;
  try {
    choice = parse(args);
  } catch (error) {
    print(`${error instanceof Error ? error.message : String(error)}\n\n${usage()}`);
    return 2;
  }
  let images = 0;
  for (const name of choice.runs) {
    const startedMs = nowMs();
    const outcome = await exploreRun(name, choice).catch((error: unknown) => String(error));
    if (typeof outcome === "string") {
      print(`${name}: ${outcome}`);
      return 2;
    }
    const { explored, note } = outcome;
    if (explored.images === 0) {
      print(`${name} has no image ${choice.image ?? ""}`);
      return 2;
    }
    images += explored.images;
    const seconds = ((nowMs() - startedMs) / 1000).toFixed(1);
    print(`${name.padEnd(18)}${String(explored.images).padStart(8)} images  ${seconds.padStart(7)} s  ${note}`);
    const [failure] = explored.failures;
    if (failure !== undefined) {
      report(name, failure, explored.failed, choice, print);
      return 1;
    }
  }
  print(`${images} images of ${choice.runs.length} runs: every one recovered`);
  return 0;
}

function report(
  run: string,
  { image, problem, pending }: Failure,
  count: number,
  { seed }: Choice,
  print: (line: string) => void,
): void {
  for (const line of pending) print(`  not durable  ${line}`);
  print(`  ${count} ${count === 1 ? "image" : "images"} of this run did not recover; the first one:`);
  print(`  npm run crash-explorer -- --run ${run} --image '${image}' --seed ${seed}`);
  print(`image ${image} of ${run}: ${problem}`);
}

interface RunOutcome {
  readonly explored: Explored;
  readonly note: string;
}

async function exploreRun(name: string, choice: Choice): Promise<RunOutcome> {
  if (name === "tail") return await exploreTail(choice);
  if (name === "flips") return await exploreFlips(await specimenAtRest(), choice);
  if (name === "log-flips") return await exploreFlips(await specimenLongTail(), choice, ".wal");
  const run: Run = runNamed(name);
  const recording = await record(run);
  const note = `${recording.journal.length} operations`;
  const { full, seed, images, image } = choice;
  if (image !== undefined) {
    const failure = await openNamedImage(recording, image);
    const failures = failure === undefined ? [] : [failure];
    return { explored: { images: 1, failed: failures.length, failures }, note };
  }
  const once = await explore(recording, {
    bounds: full ? fullBounds : defaultBounds,
    seed,
    ...(full ? {} : { imagesMax: images }),
  });
  const bounds = { pairs: 3, sectors: 2, random: 1 };
  const twice = await exploreLives(
    recording,
    full
      ? { seed, bounds, imagesMax: 150 }
      : { seed, bounds, livesMax: Math.ceil((images * livesDefault) / imagesDefault), imagesMax: 30 },
  );
  const explored = {
    images: once.images + twice.images,
    failed: once.failed + twice.failed,
    failures: [...once.failures, ...twice.failures],
  };
  return { explored, note: `${note}, ${twice.images} of the images after a second life` };
}

async function exploreTail({ full, seed, image }: Choice): Promise<RunOutcome> {
  const specimen = await specimenLongTail();
  const failures: Failure[] = [];
  let images = 0;
  const stride = full || image !== undefined ? 1 : 5;
  for (const cut of tailCuts(specimen.image, stride, seed % stride)) {
    const name = `${cut.how}@${cut.at}`;
    if (image !== undefined && image !== name) continue;
    images += 1;
    const problem = tailProblem(await judgeDamage(withCut(specimen.image, cut), specimen), specimen);
    if (problem !== undefined) failures.push({ image: name, problem, pending: [] });
  }
  return { explored: { images, failed: failures.length, failures }, note: "" };
}

/** Without --full so many shards are made, and one is looked at. */
const flipShards = 19;

async function exploreFlips(specimen: Specimen, { full, seed, image }: Choice, end = ""): Promise<RunOutcome> {
  const failures: Failure[] = [];
  const counts = new Map<Verdict, number>();
  let images = 0;
  const shards = full || image !== undefined ? 1 : flipShards;
  for (const bit of bitsOf(specimen.image, shards, seed % shards)) {
    const name = `${bit.path}@${bit.byte}.${bit.bit}`;
    if ((image !== undefined && image !== name) || !bit.path.endsWith(end)) continue;
    images += 1;
    const judgement = await judgeDamage(withBit(specimen.image, bit), specimen);
    counts.set(judgement.verdict, (counts.get(judgement.verdict) ?? 0) + 1);
    const problem = `${judgement.verdict}: ${judgement.about}`;
    if (isFailure(judgement, specimen)) failures.push({ image: name, problem, pending: [] });
  }
  const note = [...counts].map(([verdict, count]) => `${count} ${verdict}`).join(", ");
  return { explored: { images, failed: failures.length, failures }, note };
}

function parse(args: readonly string[]): Choice {
  const chosen: string[] = [];
  const without: string[] = [];
  let full = false;
  let seed = 1;
  let images = imagesDefault;
  let image: string | undefined;
  const left = [...args];
  const value = (name: string): string => {
    const next = left.shift();
    if (next === undefined) throw new Error(`${name} needs a value`);
    return next;
  };
  for (let arg = left.shift(); arg !== undefined; arg = left.shift()) {
    if (arg === "--run") chosen.push(knownRun(value(arg)));
    else if (arg === "--without") without.push(knownRun(value(arg)));
    else if (arg === "--full") full = true;
    else if (arg === "--seed") seed = wholeNumber(value(arg));
    else if (arg === "--images") images = wholeNumber(value(arg));
    else if (arg === "--image") image = value(arg);
    else throw new Error(`unknown argument ${arg}`);
  }
  if (image !== undefined && chosen.length !== 1) throw new Error("--image needs the one --run that it is of");
  const all = [...runs.map(({ name }) => name), ...Object.keys(damages)];
  const asked = (chosen.length > 0 ? chosen : all).filter((name) => !without.includes(name));
  return { runs: asked, full, seed, images, image };
}

function knownRun(name: string): string {
  if (!(name in damages)) runNamed(name);
  return name;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${text} is not a seed`);
  return Number(text);
}
