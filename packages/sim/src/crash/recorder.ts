import { CrashClock } from "./crash-clock.ts";
import { DiskImage } from "./disk-image.ts";
import type { Recording } from "./explorer.ts";
import type { Promises } from "./promises.ts";
import { RecordingDisk } from "./recording-disk.ts";
import { Reference } from "./reference.ts";
import { Rig, syncMs } from "./rig.ts";
import type { Setting } from "./setting.ts";

/** A run: what is set, and what happens. */
export interface Run {
  readonly name: string;
  /** Scenarios of the fault catalogue that its crashes show. */
  readonly scenarios: string;
  /** One line: what is recorded. */
  readonly about: string;
  readonly setting: Setting;
  /** Runs before anything is recorded, on a disk that syncs at once; what it leaves is durable. */
  prepare?(rig: Rig): Promise<void>;
  act(rig: Rig): Promise<void>;
}

/** The term of the leader that second lives have. */
export const lastTerm = 90;

/** Lives through a run and keeps what its disk saw. */
export async function record(run: Run): Promise<Recording> {
  const clock = new CrashClock();
  const reference = await Reference.start(clock);
  let base = DiskImage.empty();
  let promises: Promises | undefined;
  if (run.prepare !== undefined) {
    const disk = new RecordingDisk(base, { record: false });
    const rig = new Rig(disk, clock, reference, run.setting);
    await run.prepare(rig);
    base = disk.image;
    promises = rig.book.now;
  }
  const disk = new RecordingDisk(base.fork(), { syncDelay: () => clock.sleep(syncMs) });
  const rig = new Rig(disk, clock, reference, run.setting, promises);
  await run.act(rig);
  const { lastIndex } = reference.script;
  await reference.commit(lastIndex);
  // Who comes back finds a new leader.
  if (!reference.isRemoved) {
    reference.script.lead(lastTerm);
    await reference.commit(reference.script.lastIndex);
  }
  rig.abandon();
  return { base, journal: disk.journal, book: rig.book, reference, lastIndex, setting: run.setting, from: 0 };
}
