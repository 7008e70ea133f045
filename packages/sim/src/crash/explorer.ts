import { invariant, type LogIndex, SeededRandom } from "@quorate/base";
import { CrashPoints } from "./crash-points.ts";
import type { DiskImage } from "./disk-image.ts";
import { type FateBounds, fatesAt, keptBy } from "./fates.ts";
import { type Facts, inspect, judge } from "./inspect.ts";
import { describe, type Operation } from "./journal.ts";
import type { PromiseBook } from "./promises.ts";
import type { Reference } from "./reference.ts";
import type { Setting } from "./setting.ts";

/** What a run left behind to be explored. */
export interface Recording {
  /** What lay on the disk before, all durable. */
  readonly base: DiskImage;
  readonly journal: readonly Operation[];
  readonly book: PromiseBook;
  /** Complete: every entry of the last leader is committed. */
  readonly reference: Reference;
  /** The last index that was written; a leader that came later, and only plays in second lives, has more. */
  readonly lastIndex: LogIndex;
  readonly setting: Setting;
  /** Explored from this operation on; those before were explored with another recording. */
  readonly from: number;
}

export interface ExploreOptions {
  readonly bounds: FateBounds;
  readonly seed: number;
  /** About how many images are opened; unless given, all that the bounds allow. */
  readonly imagesMax?: number;
  /** Every so many images the member also goes on; 1 lets all. */
  readonly goOnEvery?: number;
}

/** An image that a member must not have come out of, and how to make it again. */
export interface Failure {
  /** `at:fate`: how many operations were done, and what became of the pending ones; see `lives.ts` for a second crash. */
  readonly image: string;
  readonly problem: string;
  /** What was pending, oldest first; the last line is the newest operation. */
  readonly pending: readonly string[];
}

export interface Explored {
  /** Different images opened. */
  readonly images: number;
  /** Of these, those that fail at one place or more. */
  readonly failed: number;
  readonly failures: readonly Failure[];
}

/** So many are described; the others are counted. */
const failuresMax = 20;

/** Opens images of crashes at every operation of a recording. */
export async function explore(recording: Recording, options: ExploreOptions): Promise<Explored> {
  const { bounds, seed, imagesMax = Number.POSITIVE_INFINITY, goOnEvery = 1 } = options;
  const all = imagesMax === Number.POSITIVE_INFINITY ? 0 : countFates(recording, options);
  const share = all <= imagesMax ? 1 : imagesMax / all;
  const random = new SeededRandom(seed);
  const known = new Map<string, Facts>();
  const failures: Failure[] = [];
  const failed = new Set<string>();
  const points = new CrashPoints(recording.base, recording.journal);
  do {
    if (points.at < recording.from) continue;
    const promises = recording.book.at(points.at);
    for (const fate of fatesAt(points, bounds, seed)) {
      // Whole operations at the ends of the range are always tried.
      if (share < 1 && fate !== "all" && fate !== "none" && random.below(1_000_000) >= share * 1_000_000) continue;
      const kept = keptBy(fate);
      const key = points.key(kept);
      let facts = known.get(key);
      if (facts === undefined) {
        const goOn = known.size % goOnEvery === 0;
        facts = await inspect(points.image(kept), recording.reference, recording.setting, goOn);
        known.set(key, facts);
      }
      const problem = judge(facts, promises);
      if (problem === undefined) continue;
      failed.add(key);
      if (failures.length < failuresMax) failures.push(failureAt(points, fate, problem));
    }
  } while (points.advance());
  return { images: known.size, failed: failed.size, failures };
}

function countFates(recording: Recording, { bounds, seed }: ExploreOptions): number {
  const points = new CrashPoints(recording.base, recording.journal);
  const keys = new Set<string>();
  do {
    if (points.at < recording.from) continue;
    for (const fate of fatesAt(points, bounds, seed)) keys.add(points.key(keptBy(fate)));
  } while (points.advance());
  return keys.size;
}

function failureAt(points: CrashPoints, fate: string, problem: string): Failure {
  const pending = points.pending.map((operation, i) => `${i}: ${describe(operation)}`);
  return { image: `${points.at}:${fate}`, problem, pending };
}

/** Moves to a place of a recording. */
export function pointsAt(recording: Recording, at: number): CrashPoints {
  const points = new CrashPoints(recording.base, recording.journal);
  while (points.at < at) invariant(points.advance(), "the recording has so many operations", () => ({ at }));
  return points;
}

/** Opens one image again. Returns its failure, undefined when all is well. */
export async function openImage(recording: Recording, at: number, fate: string): Promise<Failure | undefined> {
  const points = pointsAt(recording, at);
  const facts = await inspect(points.image(keptBy(fate)), recording.reference, recording.setting, true);
  const problem = judge(facts, recording.book.at(at));
  return problem === undefined ? undefined : failureAt(points, fate, problem);
}
