/**
 * Second lives: a process ends, starts again from what it left, goes on, makes promises, and then the power fails.
 *
 * There are two ways for the first life to end. A power cut leaves an image, all of it durable. A kill leaves everything
 * as it was seen, and what was not synced is still not durable: whoever builds on it before syncing it can lose both. The
 * image of a second crash is named by both crashes: `12:killed/40:lose:1` or `12:none/33:all`; `12:none/lived` is the second
 * life without a crash.
 */
import { invariant, SeededRandom } from "@quorate/base";
import { CrashClock } from "./crash-clock.ts";
import {
  type Explored,
  explore,
  type ExploreOptions,
  type Failure,
  openImage,
  pointsAt,
  type Recording,
} from "./explorer.ts";
import { fatesAt, type FateBounds, keptBy } from "./fates.ts";
import { lastTerm } from "./recorder.ts";
import { RecordingDisk } from "./recording-disk.ts";
import { Rig, syncMs } from "./rig.ts";
import { self } from "./setting.ts";

export interface LivesOptions {
  readonly seed: number;
  /** About how many second lives are lived; unless given, two at every operation and one after a kill. */
  readonly livesMax?: number;
  /** What is tried within each, about so many images. */
  readonly bounds: FateBounds;
  readonly imagesMax: number;
}

/** How the process ended that was killed. */
export const killed = "killed";

/** Explores second lives at places of a recording. */
export async function exploreLives(recording: Recording, options: LivesOptions): Promise<Explored> {
  const { seed, livesMax = Number.POSITIVE_INFINITY, bounds, imagesMax } = options;
  const ends = endsOf(recording, seed);
  const share = ends.length <= livesMax ? 1 : livesMax / ends.length;
  const random = new SeededRandom(seed);
  const failures: Failure[] = [];
  let images = 0;
  let failed = 0;
  for (const end of ends) {
    if (share < 1 && random.below(1_000_000) >= share * 1_000_000) continue;
    const found = await exploreLife(recording, end, { bounds, seed, imagesMax, goOnEvery: 4 });
    images += found.images;
    failed += found.failed;
    failures.push(...found.failures);
  }
  return { images, failed, failures };
}

/** The ends of first lives that are worth a second one: at each operation a kill, a power cut, and one by chance. */
function endsOf(recording: Recording, seed: number): string[] {
  const ends: string[] = [];
  const points = pointsAt(recording, recording.from);
  do {
    ends.push(`${points.at}:${killed}`);
    if (points.pendingCount === 0) continue;
    const fates = fatesAt(points, { pairs: 0, sectors: 0, random: 1 }, seed);
    ends.push(`${points.at}:none`, `${points.at}:${fates.at(-1) ?? "none"}`);
  } while (points.advance());
  return ends;
}

async function exploreLife(recording: Recording, end: string, options: ExploreOptions): Promise<Explored> {
  const life = await tryToRelive(recording, end);
  if ("problem" in life) return { images: 1, failed: 1, failures: [life] };
  const { images, failed, failures } = await explore(life, options);
  return { images, failed, failures: failures.map((failure) => ({ ...failure, image: `${end}/${failure.image}` })) };
}

/** What a second crash is called in a life that did not even go on. */
const noCrash = "lived";

async function tryToRelive(recording: Recording, end: string): Promise<Recording | Failure> {
  try {
    return await relive(recording, end);
  } catch (error) {
    return { image: `${end}/${noCrash}`, problem: `it did not go on: ${String(error)}`, pending: [] };
  }
}

/** Lives a second life: the member starts, takes in all that it lacks, and stops. */
async function relive(recording: Recording, end: string): Promise<Recording> {
  const { at, fate } = splitImage(end);
  const { reference, setting, book } = recording;
  const clock = new CrashClock();
  const syncDelay = (): Promise<void> => clock.sleep(syncMs);
  const wasKilled = fate === killed;
  invariant(at <= recording.journal.length, "the recording has so many operations", () => ({ at }));
  const base = wasKilled ? recording.base : pointsAt(recording, at).image(keptBy(fate));
  const disk = wasKilled
    ? RecordingDisk.afterKill(base, recording.journal.slice(0, at), { syncDelay })
    : new RecordingDisk(base.fork(), { syncDelay });
  const from = disk.journal.length;
  const rig = new Rig(disk, clock, reference, setting, book.at(at));
  await rig.boot();
  if (!rig.member.machine.membership.isRemoved(self)) {
    // A vote makes a short record, behind which nothing of an earlier life may be left.
    if (reference.script.term === lastTerm) await rig.askVote(lastTerm);
    await rig.replicate();
    await clock.advance(3);
  }
  await rig.stop();
  const { lastIndex } = recording;
  return { base, journal: disk.journal, book: rig.book, reference, lastIndex, setting, from };
}

function splitImage(text: string): { readonly at: number; readonly fate: string } {
  const colon = text.indexOf(":");
  const at = Number(text.slice(0, colon));
  if (colon < 1 || !Number.isInteger(at)) throw new Error(`${text} does not name an image`);
  return { at, fate: text.slice(colon + 1) };
}

/** Opens the image of that name again. Returns its failure, undefined when all is well. */
export async function openNamedImage(recording: Recording, name: string): Promise<Failure | undefined> {
  const [first = "", second] = name.split("/");
  const { at, fate } = splitImage(first);
  if (fate !== killed && second === undefined) return await openImage(recording, at, fate);
  const crash = second === undefined || second === noCrash ? undefined : splitImage(second);
  invariant(at <= recording.journal.length, "the recording has so many operations", () => ({ at }));
  const life = await tryToRelive(recording, first);
  if ("problem" in life) return life;
  return crash === undefined ? undefined : await openImage(life, crash.at, crash.fate);
}
