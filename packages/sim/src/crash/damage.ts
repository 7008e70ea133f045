/**
 * Damage that no crash explains, and tails that one does: a directory of a member is changed byte by byte and bit by bit,
 * and each time opened. What may come of it:
 *
 * | verdict | meaning |
 * | --- | --- |
 * | harmless | the member has everything |
 * | repaired | the end of the log was cut off, after its segment was copied; what is left is whole |
 * | refused | it does not start, and says which file and what is wrong |
 * | shortened | the log ends earlier, between two records: nothing tells this from a log that was never longer |
 * | hashed | it starts with a row that was changed, and only HashKV tells it from the others' |
 * | silent | it starts with something wrong that nothing compares |
 * | wrong | it breaks otherwise: a hang, a bug, memory, a refusal without a file |
 */
import { check } from "@quorate/backend";
import { equalBytes, InvariantError } from "@quorate/base";
import { BootError, Storage } from "@quorate/member";
import type { HardState } from "@quorate/raft";
import { CrashClock } from "./crash-clock.ts";
import type { DiskImage } from "./disk-image.ts";
import { RecordingDisk } from "./recording-disk.ts";
import type { Reference } from "./reference.ts";
import { databasePath, memberOptions, portsOf, type Setting } from "./setting.ts";
import { type StateFacts, stateDifference, stateFacts } from "./state-facts.ts";

export const verdicts = ["harmless", "repaired", "refused", "shortened", "hashed", "silent", "wrong"] as const;
export type Verdict = (typeof verdicts)[number];

export interface Judgement {
  readonly verdict: Verdict;
  readonly about: string;
  /** Where the log ends; 0 when the member did not start. */
  readonly lastIndex: number;
}

/** A directory at rest, and what a start from it finds. */
export interface Specimen {
  readonly image: DiskImage;
  readonly reference: Reference;
  readonly setting: Setting;
  readonly lastIndex: number;
  readonly hardState: HardState;
}

/** Tells whether damage of a directory at rest came to what it may not: something was lost, or changed unseen. */
export function isFailure({ verdict, lastIndex }: Judgement, specimen: Specimen): boolean {
  if (verdict === "wrong" || verdict === "shortened") return true;
  if (verdict === "repaired") return lastIndex < specimen.lastIndex;
  return verdict === "silent" || verdict === "hashed";
}

/** Opens a damaged image, which is changed. */
export async function judgeDamage(image: DiskImage, specimen: Specimen): Promise<Judgement> {
  const { reference, setting } = specimen;
  const disk = new RecordingDisk(image, { record: false });
  const clock = new CrashClock();
  let storage: Storage;
  try {
    storage = await clock.finish(Storage.open(memberOptions(setting), portsOf(setting, clock, disk)));
  } catch (error) {
    return refusal(error);
  }
  try {
    const lastIndex = storage.initial.entries.at(-1)?.index ?? storage.initial.snapshotIndex;
    const about = await compare(storage, reference, clock, disk);
    await clock.finish(storage.close());
    if (about !== undefined) return { ...about, lastIndex };
    return { ...judgeLog(storage.initial.hardState, lastIndex, specimen, hasCopy(disk)), lastIndex };
  } catch (error) {
    return { verdict: "wrong", about: `it broke after the start: ${String(error)}`, lastIndex: 0 };
  }
}

/** The state is right; the log may have lost its end only if that was cut off and kept. */
function judgeLog(
  found: HardState,
  lastIndex: number,
  { hardState, lastIndex: meant }: Specimen,
  hasCopy: boolean,
): { readonly verdict: Verdict; readonly about: string } {
  const whole = lastIndex === meant;
  const { term, vote, commit } = found;
  const same = term === hardState.term && vote === hardState.vote && commit === hardState.commit;
  const about = `the log ends at ${lastIndex}, term ${term}, commit ${commit}`;
  if (hasCopy) return { verdict: "repaired", about };
  if (whole && same) return { verdict: "harmless", about };
  const shortened = lastIndex < meant || (term <= hardState.term && commit < hardState.commit);
  return { verdict: shortened ? "shortened" : "wrong", about: `${about}, and nothing says so` };
}

function refusal(error: unknown): Judgement {
  const about = String(error);
  const named = error instanceof BootError && about.includes("/data");
  return { verdict: named && !(error instanceof InvariantError) ? "refused" : "wrong", about, lastIndex: 0 };
}

const hasCopy = (disk: RecordingDisk): boolean => disk.image.files().some((path) => path.endsWith(".broken"));

async function compare(
  storage: Storage,
  reference: Reference,
  clock: CrashClock,
  disk: RecordingDisk,
): Promise<{ readonly verdict: Verdict; readonly about: string } | undefined> {
  const { entries } = storage.initial;
  for (const entry of entries) {
    const meant = reference.script.logEndingIn(entry.term, entry.index)?.at(-1);
    const same = meant !== undefined && meant.type === entry.type && equalBytes(meant.data, entry.data);
    if (!same) return { verdict: "wrong", about: `entry ${entry.index} of term ${entry.term} is not what was written` };
  }
  const index = storage.machine.progress.index;
  const expected = reference.stateAt(index);
  if (expected === undefined) return { verdict: "silent", about: `the database says that it is at entry ${index}` };
  let found: StateFacts;
  try {
    found = await stateFacts(storage, clock);
  } catch (error) {
    return { verdict: "hashed", about: `HashKV cannot be taken: ${String(error)}` };
  }
  const difference = stateDifference(found, expected);
  if (difference !== undefined) {
    const hashed = found.hash !== expected.hash || found.revision !== expected.revision;
    return { verdict: hashed ? "hashed" : "silent", about: difference };
  }
  const [problem] = check(disk, databasePath);
  return problem === undefined ? undefined : { verdict: "silent", about: problem.message };
}

/** A place where one bit can be turned. */
export interface Bit {
  readonly path: string;
  readonly byte: number;
  readonly bit: number;
}

/**
 * All bits of the files of a directory as far as they were ever written, and a sector of what was not.
 *
 * @param shard which of `shards` equal parts of them.
 */
export function* bitsOf(image: DiskImage, shards = 1, shard = 0): Generator<Bit, void, undefined> {
  let number = 0;
  for (const path of image.files()) {
    const content = image.fileAt(path);
    if (content === undefined) continue;
    const end = Math.min(content.size, content.end() + 512);
    for (let byte = 0; byte < end; byte++) {
      for (let bit = 0; bit < 8; bit++) {
        if (number % shards === shard) yield { path, byte, bit };
        number += 1;
      }
    }
  }
}

/** Turns one bit over in a copy of the image. */
export function withBit(image: DiskImage, { path, byte, bit }: Bit): DiskImage {
  const damaged = image.fork();
  const content = damaged.fileAt(path);
  const value = new Uint8Array(1);
  content?.read(value, byte);
  value[0] = (value[0] as number) ^ (1 << bit);
  content?.write(value, byte);
  return damaged;
}
