/** Directories that are damaged in ways that crashes and disks know; `npm run crash-explorer -- --full` tries every bit. */
import { decodeEntry, encodeEntry, EntryType, newEntry } from "@quorate/raft";
import { readRecords, RecordType, Wal } from "@quorate/wal";
import { beforeAll, describe, expect, test } from "vitest";
import { bitsOf, isFailure, judgeDamage, type Judgement, type Specimen, withBit } from "./damage.ts";
import type { DiskImage } from "./disk-image.ts";
import { keptBy } from "./fates.ts";
import { inspect, judge } from "./inspect.ts";
import { pointsAt, type Recording } from "./explorer.ts";
import { CrashClock } from "./crash-clock.ts";
import { RecordingDisk } from "./recording-disk.ts";
import { record } from "./recorder.ts";
import { Rig } from "./rig.ts";
import { runNamed } from "./runs.ts";
import { databasePath, memberOptions, portsOf, snapDir, walDir } from "./setting.ts";
import { lastBatch, specimenAtRest, specimenLongTail, specimenOf } from "./specimen.ts";
import { tailCuts, tailOf, tailProblem, withCut } from "./tail.ts";
import { Storage } from "@quorate/member";

interface Place {
  readonly file: string;
  readonly offset: number;
  readonly type: number;
  /** Of an entry. */
  readonly index: number;
}

function recordsOf(image: DiskImage): Place[] {
  const places: Place[] = [];
  readRecords(new RecordingDisk(image.fork(), { record: false }), walDir, ({ file, offset, type, data }) => {
    const index = type === RecordType.entry ? decodeEntry(data, 0, data.length, "entry").index : 0;
    places.push({ file, offset, type, index });
  });
  return places;
}

function overwrite(image: DiskImage, path: string, at: number, bytes: Uint8Array): DiskImage {
  const damaged = image.fork();
  const content = damaged.fileAt(path);
  if (content === undefined) throw new Error(`${path} is not there`);
  content.write(bytes, at);
  return damaged;
}

const zeros = (length: number): Uint8Array => new Uint8Array(length);
const named = (image: DiskImage, end: string): string => image.files().find((path) => path.endsWith(end)) ?? "none";

describe("the tail of the log", () => {
  let specimen: Specimen;
  let places: Place[];
  beforeAll(async () => {
    specimen = await specimenLongTail();
    places = recordsOf(specimen.image);
  });

  test("D15 a database that is behind the log: the log brings back what it lacks", async () => {
    const facts = await inspect(specimen.image.fork(), specimen.reference, specimen.setting, true);
    expect(facts.fault ?? facts.refused).toBeUndefined();
    expect(facts.applied).toBeLessThan(facts.log.index);
  });

  test("D04 any bit of it turned over, also where the database has less: refused with file and offset, or nothing is lost", async () => {
    const last = places.at(-1)?.offset ?? 0;
    for (const bit of bitsOf(specimen.image, 37, 2)) {
      if (!bit.path.endsWith(".wal")) continue;
      const judgement = await judgeDamage(withBit(specimen.image, bit), specimen);
      const about = `${bit.path}@${bit.byte}.${bit.bit} ${judgement.verdict} ${judgement.about}`;
      expect(isFailure(judgement, specimen), about).toBe(false);
      if (bit.byte < last) expect(judgement.about, about).toMatch(/\.wal at offset \d+: /);
    }
  });

  test("D01 cut off or zero at any byte of the last 8 KiB: the member starts with every entry before it", async () => {
    const tail = tailOf(specimen.image);
    let repaired = 0;
    for (const cut of tailCuts(specimen.image, 9)) {
      const about = `${cut.how} at ${cut.at}`;
      const damaged = withCut(specimen.image, cut);
      const judgement = await judgeDamage(damaged, specimen);
      expect(tailProblem(judgement, specimen), about).toBeUndefined();
      const next = places.findIndex(({ file, offset }) => file === tail && offset > cut.at);
      const whole = places.slice(0, (next < 0 ? places.length : next) - 1).findLast(({ index }) => index > 0);
      expect(judgement.lastIndex, about).toBeGreaterThanOrEqual(whole?.index ?? 0);
      if (judgement.verdict !== "repaired") continue;
      repaired += 1;
      expect(damaged.files(), about).toContain(`${tail}.broken`);
    }
    expect(repaired).toBeGreaterThan(700);
  });
});

describe("the last batch", () => {
  let recording: Recording;
  /** Where its write is pending, and which of the pending operations it is. */
  let at: number;
  let batch: number;

  beforeAll(async () => {
    recording = await record(lastBatch);
    at = recording.journal.findLastIndex((o) => o.kind === "write" && o.path.endsWith(".wal")) + 1;
    const points = pointsAt(recording, at);
    batch = points.pendingCount - 1;
    expect(points.sectors(batch)).toBeGreaterThanOrEqual(8);
  });

  test("D02 any of its sectors lost: the member starts, and has all that was acknowledged", async () => {
    const points = pointsAt(recording, at);
    const subsets = 2 ** points.sectors(batch);
    expect(subsets).toBeLessThanOrEqual(2048);
    for (let kept = 0; kept < subsets; kept++) {
      const image = points.image((operation, sector) => operation !== batch || (kept & (1 << sector)) !== 0);
      const facts = await inspect(image, recording.reference, recording.setting, kept % 16 === 0);
      expect(judge(facts, recording.book.at(at)), `sectors ${kept.toString(2)}`).toBeUndefined();
    }
  });

  test("D03 M05 its commit index lost: what two changes of members in the log prove is committed at the start", async () => {
    const points = pointsAt(recording, at);
    const last = points.sectors(batch) - 1;
    const disk = new RecordingDisk(
      points.image((operation, sector) => operation !== batch || sector < last),
      { record: false },
    );
    const { reference, setting } = recording;
    const clock = new CrashClock();
    const storage = await clock.finish(Storage.open(memberOptions(setting), portsOf(setting, clock, disk)));
    const { entries, hardState } = storage.initial;
    const changes = entries.filter((entry) => entry.type === EntryType.confChange).slice(-2);
    expect(changes.map(({ index }) => index)).toHaveLength(2);
    expect(hardState.commit).toBeLessThan(changes[0]?.index ?? 0);
    const rig = new Rig(disk, clock, reference, setting);
    rig.adopt(storage);
    expect(rig.member.committed).toBeGreaterThanOrEqual(changes[0]?.index ?? 0);
    await rig.stop();
  });
});

describe("a directory at rest", () => {
  let specimen: Specimen;
  let places: Place[];
  beforeAll(async () => {
    specimen = await specimenAtRest();
    places = recordsOf(specimen.image);
  });

  const refusal = async (image: DiskImage): Promise<string> => {
    const { verdict, about } = await judgeDamage(image, specimen);
    return verdict === "refused" ? about : `${verdict}: ${about}`;
  };

  test("D04 any bit of the log turned over: refused with file and offset, or nothing is lost", async () => {
    let refused = 0;
    let bits = 0;
    for (const bit of bitsOf(specimen.image, 13, 4)) {
      if (!bit.path.endsWith(".wal")) continue;
      bits += 1;
      const judgement = await judgeDamage(withBit(specimen.image, bit), specimen);
      const about = `${bit.path}@${bit.byte}.${bit.bit} ${judgement.verdict} ${judgement.about}`;
      expect(isFailure(judgement, specimen), about).toBe(false);
      if (judgement.verdict !== "refused") continue;
      refused += 1;
      expect(judgement.about, about).toMatch(/\.wal at offset \d+: |ends at \d+|database file|--data-dir/);
    }
    expect(refused).toBeGreaterThan(bits * 0.8);
  });

  test("D14 any bit of the database or a snapshot file turned over: refused with the file and the place, or nothing is lost", async () => {
    const counts: Record<string, number> = {};
    for (const bit of bitsOf(specimen.image, 97, 7)) {
      if (bit.path.endsWith(".wal")) continue;
      const judgement = await judgeDamage(withBit(specimen.image, bit), specimen);
      const about = `${bit.path}@${bit.byte}.${bit.bit} ${judgement.verdict} ${judgement.about}`;
      expect(isFailure(judgement, specimen), about).toBe(false);
      counts[judgement.verdict] = (counts[judgement.verdict] ?? 0) + 1;
    }
    expect(counts["refused"] ?? 0).toBeGreaterThan(1000);
  });

  test("D05 a length field that says 2^55, more than the file, or more than memory: refused, and nothing is lost", async () => {
    for (const { file, offset } of places) {
      for (const size of [2n ** 55n, 2n ** 40n, 2n ** 32n + 5n, 65_536n]) {
        const field = new Uint8Array(8);
        new DataView(field.buffer).setBigUint64(0, size, true);
        const about = await refusal(overwrite(specimen.image, file, offset, field));
        expect(about, `${file} ${offset} ${size}`).toContain("--data-dir");
        expect(about).not.toMatch(/^(wrong|shortened|silent)/);
      }
    }
  });

  test("D06 an entry whose index jumps: refused with file and offset", async () => {
    for (const index of [13_038_096_702_221_461_993n, 2n ** 53n, 10_000n, 0n]) {
      const image = specimen.image.fork();
      const disk = new RecordingDisk(image, { record: false });
      const { wal } = await Wal.open(disk, walDir, { index: 0, term: 0 }, { segmentBytes: 4096 });
      const jumping = newEntry(EntryType.normal, 3, 1, Uint8Array.of(1));
      jumping.encoded = withIndex(index);
      wal.append(undefined, [jumping]);
      await wal.close();
      expect(await refusal(image), String(index)).toMatch(/BootError: .*\.wal at offset \d+: .*--data-dir/);
    }
  });

  test("D13 a meta page of the database torn: the other one is used, and the log brings back what it lacks; both: refused", async () => {
    const meta = (page: number): DiskImage => overwrite(specimen.image, databasePath, page * 4096, zeros(512));
    for (const page of [0, 1]) {
      const facts = await inspect(meta(page), specimen.reference, specimen.setting, true);
      expect(judge(facts, { log: { term: 0, index: 0 }, term: 0, vote: specimen.hardState.vote })).toBeUndefined();
    }
    const both = overwrite(meta(0), databasePath, 4096, zeros(512));
    expect(await refusal(both)).toContain(`${databasePath}: both meta pages are damaged`);
  });

  test("D13 a meta page that is being written is torn: the tree before it is whole, and the log does the rest", async () => {
    const recording = await record(runNamed("db-commit"));
    let torn = 0;
    for (let at = 0; at <= recording.journal.length; at++) {
      const points = pointsAt(recording, at);
      for (const meta of points.pending) {
        if (meta.kind !== "write" || meta.path !== databasePath || meta.position > 4096) continue;
        for (const value of [0x00, 0xff, 0x5a]) {
          const image = overwrite(points.image(keptBy("all")), databasePath, meta.position, zeros(512).fill(value));
          const facts = await inspect(image, recording.reference, recording.setting, true);
          expect(judge(facts, recording.book.at(at)), `${at} ${value}`).toBeUndefined();
          torn += 1;
        }
      }
    }
    expect(torn).toBeGreaterThan(10);
  });

  test("D15 a database that is ahead of the log: refused with both indexes", async () => {
    const entries = places.filter(({ index }) => index > 0);
    const last = entries.at(-2) as Place;
    const about = await refusal(withCut(specimen.image, { how: "cut", at: last.offset }));
    expect(about).toContain(`holds index ${specimen.lastIndex}, but the log ends at ${last.index - 1}`);
  });

  test("D10 a raft snapshot cut at any byte is set aside, and the log is read from its start", async () => {
    const path = named(specimen.image, ".snap");
    const size = specimen.image.fileAt(path)?.size ?? 0;
    expect(size).toBeGreaterThan(1000);
    for (let at = 0; at < size; at += 3) {
      const damaged = specimen.image.fork();
      damaged.fileAt(path)?.resize(at);
      const judgement = await judgeDamage(damaged, specimen);
      expect(judgement, `cut at ${at}`).toMatchObject({ verdict: "repaired", lastIndex: specimen.lastIndex });
      expect(damaged.files()).toContain(`${path}.broken`);
    }
  });
});

describe("a directory whose oldest segments are gone", () => {
  let specimen: Specimen;
  let segments: string[];
  beforeAll(async () => {
    specimen = await specimenOf(runNamed("purge"));
    segments = specimen.image.files().filter((path) => path.startsWith(walDir) && path.endsWith(".wal"));
    expect(segments.length).toBeGreaterThanOrEqual(2);
  });

  const refused = async (image: DiskImage): Promise<Judgement> => {
    const judgement = await judgeDamage(image, specimen);
    expect(judgement.verdict, judgement.about).toBe("refused");
    return judgement;
  };
  const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

  test("D07 a segment missing, there twice, or under another number: refused, and the number is named", async () => {
    const disk = (): RecordingDisk => new RecordingDisk(specimen.image.fork(), { record: false });
    const all = [...segments];
    const last = all.at(-1) as string;
    const sequence = Number.parseInt(nameOf(last).slice(0, 16), 16);
    const hex = (value: number): string => value.toString(16).padStart(16, "0");
    const gap = disk();
    gap.rename(last, `${walDir}/${hex(sequence + 1)}${nameOf(last).slice(16)}`);
    expect((await refused(gap.image)).about).toContain(`sequence number ${hex(sequence)} is missing`);
    const twice = disk();
    const copy = twice.open(`${walDir}/${hex(sequence)}-${"f".repeat(13).padStart(16, "0")}.wal`, "createNew");
    copy.writeAt(specimen.image.fileAt(last)?.bytes() ?? zeros(0), 0);
    copy.close();
    expect((await refused(twice.image)).about).toContain(`${hex(sequence)} is there twice`);
  });

  test("D10 no raft snapshot that can be read: refused, since the log no longer reaches back", async () => {
    const snapshots = specimen.image.files().filter((path) => path.startsWith(snapDir) && path.endsWith(".snap"));
    expect(snapshots.length).toBeGreaterThan(0);
    for (const at of [0, 1, 7, 100]) {
      const damaged = specimen.image.fork();
      for (const path of snapshots) damaged.fileAt(path)?.resize(at);
      expect((await refused(damaged)).about).toContain(walDir);
    }
  });
});

/** An entry of term 3 with an index of 64 bits. */
function withIndex(index: bigint): Uint8Array {
  const varint: number[] = [];
  let rest = index;
  for (; rest > 0x7fn; rest >>= 7n) varint.push(Number(rest & 0x7fn) | 0x80);
  varint.push(Number(rest));
  const plain = encodeEntry(newEntry(EntryType.normal, 3, 1, Uint8Array.of(1)));
  const at = plain.lastIndexOf(0x18);
  return Uint8Array.from([...plain.subarray(0, at + 1), ...varint, ...plain.subarray(at + 2)]);
}
