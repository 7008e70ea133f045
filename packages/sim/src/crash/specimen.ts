import { Storage } from "@quorate/member";
import type { HardState } from "@quorate/raft";
import { CrashClock } from "./crash-clock.ts";
import type { Specimen } from "./damage.ts";
import type { DiskImage } from "./disk-image.ts";
import { record, type Run } from "./recorder.ts";
import type { Command } from "./commands.ts";
import { RecordingDisk } from "./recording-disk.ts";
import { fourth, fourthUrl, memberOptions, portsOf, self, type Setting } from "./setting.ts";

const put = (key: string, value: string): Command => ({ kind: "put", key, value });

/** A small directory that has everything in it: two segments, a raft snapshot, a database with pages of all kinds. */
const rest: Run = {
  name: "at-rest",
  scenarios: "D04 D14",
  about: "a member that has stopped",
  setting: { snapshotCount: 12, walSegmentBytes: 4096, backendBatchMs: 5 },
  act: async (rig) => {
    await rig.boot();
    await rig.elect(2);
    await rig.replicate({ kind: "clusterVersion", text: "3.6.0" }, { kind: "publish", member: self, name: "m1" });
    await rig.replicate(
      { kind: "grant", lease: 3n, ttl: 20_000 },
      { kind: "put", key: "leased", value: "1", lease: 3n },
      { kind: "txn", puts: Array.from({ length: 40 }, (_, i) => [`k${i}`, "some value of a row".repeat(4)] as const) },
      { kind: "add", member: fourth, url: fourthUrl, learner: true },
    );
    await rig.clock.advance(8);
    await rig.replicate({ kind: "remove", member: fourth }, { kind: "compact", revision: 2 });
    for (let i = 0; i < 5; i++) await rig.replicate(put(`after${i}`, "v".repeat(200)));
    await rig.clock.advance(20);
    await rig.elect(3);
    await rig.replicate(put("end", "the end"), { kind: "delete", key: "k3" });
    await rig.stop();
  },
};

/** A log whose last 10 KiB hold entries that the database does not have yet; the process was killed. */
const longTail: Run = {
  name: "long-tail",
  scenarios: "D01",
  about: "a member that was killed with a long tail of its log",
  setting: { walSegmentBytes: 32 * 1024, backendBatchMs: 1_000_000_000 },
  prepare: async (rig) => {
    await rig.boot();
    await rig.elect(2);
    await rig.replicate(put("old", "1"));
    await rig.stop();
  },
  act: async (rig) => {
    await rig.boot();
    await rig.elect(3);
    for (let i = 0; i < 30; i++) await rig.replicate(put(`k${i}`, "tail ".repeat(20 + ((i * 37) % 100))));
  },
};

/** A log whose last batch holds two changes of members and the commit index of the second, in sectors of their own. */
export const lastBatch: Run = {
  name: "last-batch",
  scenarios: "D02 D03 M05",
  about: "a member that was killed while its last batch was written",
  setting: { walSegmentBytes: 32 * 1024, backendBatchMs: 1_000_000_000 },
  prepare: async (rig) => {
    await rig.boot();
    await rig.elect(2);
    await rig.replicate(put("old", "1"));
    await rig.stop();
  },
  act: async (rig) => {
    await rig.boot();
    await rig.elect(3);
    await rig.replicate(put("synced", "2"));
    await rig.replicate(
      put("a", "1".repeat(700)),
      { kind: "add", member: fourth, url: fourthUrl, learner: true },
      put("b", "2".repeat(1300)),
      { kind: "remove", member: fourth },
      put("c", "3".repeat(1600)),
    );
  },
};

export async function specimenLongTail(): Promise<Specimen> {
  return await specimenOf(longTail);
}

/** A member's own directory at rest. */
export async function specimenAtRest(): Promise<Specimen> {
  return await specimenOf(rest);
}

/** The directory that a run leaves when it has ended and everything is durable. */
export async function specimenOf(run: Run): Promise<Specimen> {
  const { base, journal, reference, lastIndex, setting } = await record(run);
  const image: DiskImage = base.fork();
  for (const operation of journal) {
    if (operation.kind !== "synced" && operation.kind !== "namesSynced") image.apply(operation);
  }
  return {
    image,
    reference,
    setting,
    lastIndex,
    hardState: await hardStateOf(image, setting),
  };
}

async function hardStateOf(image: DiskImage, setting: Setting): Promise<HardState> {
  const clock = new CrashClock();
  const disk = new RecordingDisk(image.fork(), { record: false });
  const storage = await clock.finish(Storage.open(memberOptions(setting), portsOf(setting, clock, disk)));
  const { hardState } = storage.initial;
  await clock.finish(storage.close());
  return hardState;
}
