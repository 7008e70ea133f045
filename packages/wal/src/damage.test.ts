/** What a log does after crashes and after damage; the numbers are those of the fault catalogue. */
import { MemoryDisk } from "@quorate/base/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { FrameBuffer, RecordType } from "./frame.ts";
import {
  encodeSnapshotRecord,
  logStart,
  readRecords,
  readWal,
  segmentName,
  Wal,
  WalCorruptError,
  type WalContent,
  type WalRecord,
} from "./index.ts";
import { fileBytes, putFile } from "./testing/golden.ts";
import { bare, confState, directory, emptyDisk, entryAt, metadata, namesIn, stateAt } from "./testing/log.ts";

const segmentBytes = 16 * 1024;
const path = `${directory}/${segmentName(0, 0).name}`;

/** A log in one segment, with small, large and empty entries. */
interface Sample {
  /** The whole segment, with the zeros behind. */
  readonly image: Uint8Array;
  readonly records: readonly (WalRecord & { readonly end: number })[];
  /** Where good records end. */
  readonly end: number;
}

async function makeSample(sizes: readonly number[]): Promise<Sample> {
  const disk = emptyDisk();
  const wal = await Wal.create(disk, directory, metadata, { segmentBytes });
  let index = 0;
  for (const size of sizes) {
    index += 1;
    wal.append(stateAt(1, index - 1), [entryAt(index, 1, size)]);
    if (index === 3) await wal.saveSnapshot({ index: 2, term: 1, confState });
  }
  await wal.close();
  const image = fileBytes(disk, path);
  const found: WalRecord[] = [];
  readRecords(disk, directory, (record) => found.push(record));
  let end = image.length;
  while (image[end - 1] === 0) end -= 1;
  end = Math.ceil(end / 8) * 8;
  const records = found.map((record, i) => ({ ...record, end: found[i + 1]?.offset ?? end }));
  return { image, records, end };
}

function diskWith(image: Uint8Array): MemoryDisk {
  const disk = new MemoryDisk();
  putFile(disk, path, image);
  return disk;
}

/** What may be read when the first `count` records are whole. */
function expected(sample: Sample, count: number): { entries: number; commit: number } {
  let entries = 0;
  let commit = 0;
  for (const record of sample.records.slice(0, count)) {
    if (record.type === RecordType.entry) entries += 1;
    if (record.type === RecordType.state) commit = record.data.at(-1) as number;
  }
  return { entries, commit };
}

function check(content: Pick<WalContent, "entries" | "hardState">, sample: Sample, count: number, about: string): void {
  const { entries, commit } = expected(sample, count);
  expect(content.entries.length, about).toBe(entries);
  expect(content.hardState.commit, about).toBe(commit);
}

/** How many leading records of the sample are untouched in `image`. */
function wholeRecords(sample: Sample, image: Uint8Array): number {
  const damaged = sample.records.findIndex(({ offset, end }) => {
    if (end > image.length) return true;
    return Buffer.compare(image.subarray(offset, end), sample.image.subarray(offset, end)) !== 0;
  });
  return damaged < 0 ? sample.records.length : damaged;
}

describe("a tail that a crash left half written", () => {
  let sample: Sample;
  let from: number;

  beforeAll(async () => {
    sample = await makeSample([20, 0, 300, 1500, 0, 700, 90, 2000, 5, 400, 600, 33]);
    // The first three records came with the directory, whole.
    from = sample.records[3]?.offset as number;
    expect(sample.end - from).toBeGreaterThan(5000);
  });

  test("cut at every byte, loses the records that were cut and nothing else (D01)", () => {
    for (let cut = from; cut <= sample.end; cut++) {
      const image = sample.image.subarray(0, cut);
      const content = readWal(diskWith(image), directory, logStart);
      const whole = wholeRecords(sample, image);
      check(content, sample, whole, `cut at ${cut}`);
      const clean = sample.records.some(({ end }) => end === cut);
      expect(content.torn?.offset, `cut at ${cut}`).toBe(clean ? undefined : sample.records[whole]?.offset);
    }
  });

  test("zero from every byte on, loses the records that were hit and nothing else (D01)", () => {
    for (let cut = from; cut <= sample.end; cut++) {
      const image = sample.image.slice().fill(0, cut);
      const content = readWal(diskWith(image), directory, logStart);
      check(content, sample, wholeRecords(sample, image), `zero from ${cut}`);
    }
  });

  test("is cut off for good at the next start, and kept in a copy", async () => {
    for (let cut = from; cut < sample.end; cut += 37) {
      for (const zeroed of [false, true]) {
        const image = zeroed ? sample.image.slice().fill(0, cut) : sample.image.slice(0, cut);
        const about = `${zeroed ? "zero from" : "cut at"} ${cut}`;
        const disk = diskWith(image);
        const before = readWal(disk, directory, logStart);
        const opened = await Wal.open(disk, directory, logStart, { segmentBytes });
        expect(opened.repaired, about).toEqual(before.torn);
        if (opened.repaired !== undefined) {
          expect(Buffer.compare(fileBytes(disk, `${path}.broken`), image), about).toBe(0);
          expect(disk.info(`${path}.broken`)?.mode).toBe(0o600);
        }
        check(opened, sample, wholeRecords(sample, image), about);
        const next = opened.entries.length + 1;
        opened.wal.append(stateAt(2, 0), [entryAt(next, 2, 50)]);
        await opened.wal.close();
        disk.crash((o) => o.kind === "names");
        const after = readWal(disk, directory, logStart);
        expect(after.torn, about).toBeUndefined();
        expect(after.entries.map(bare), about).toEqual([...before.entries, entryAt(next, 2, 50)].map(bare));
      }
    }
  });

  test("with any of its sectors zero is cut at the first record hit (D02)", async () => {
    // One batch that covers ten sectors; what lies before was synced.
    const disk = emptyDisk();
    const wal = await Wal.create(disk, directory, metadata, { segmentBytes });
    wal.append(
      stateAt(1, 0),
      [1, 2, 3].map((index) => entryAt(index, 1, 100)),
    );
    await wal.sync();
    const synced = readRecordEnd(disk);
    wal.append(
      stateAt(1, 3),
      [200, 0, 900, 30, 1400, 0, 0, 700, 800].map((size, i) => entryAt(i + 4, 1, size)),
    );
    await wal.close();
    const whole = readWal(disk, directory, logStart);
    const image = fileBytes(disk, path);
    const end = readRecordEnd(disk);
    const sectors: [number, number][] = [];
    for (let at = synced; at < end; at = (Math.floor(at / 512) + 1) * 512) {
      sectors.push([at, Math.min((Math.floor(at / 512) + 1) * 512, end)]);
    }
    expect(sectors.length).toBeGreaterThanOrEqual(9);
    for (let subset = 1; subset < 2 ** sectors.length; subset++) {
      const damaged = image.slice();
      sectors.forEach(([start, stop], i) => {
        if ((subset & (1 << i)) !== 0) damaged.fill(0, start, stop);
      });
      const content = readWal(diskWith(damaged), directory, logStart);
      const kept = content.entries.length;
      expect(kept, `sectors ${subset.toString(2)}`).toBeGreaterThanOrEqual(3);
      expect(content.entries.map(bare)).toEqual(whole.entries.slice(0, kept).map(bare));
      if ((subset & 1) !== 0) expect(kept).toBe(3);
    }
  });
});

/** Where good records end in the only segment. */
function readRecordEnd(disk: MemoryDisk): number {
  const image = fileBytes(disk, path);
  let end = image.length;
  while (image[end - 1] === 0) end -= 1;
  return Math.ceil(end / 8) * 8;
}

describe("damage", () => {
  test("of any bit of a record that is not the last is refused with file and offset (D04)", async () => {
    const sample = await makeSample([20, 0, 300, 0, 0, 90, 200, 5, 0, 40]);
    const last = sample.records.at(-1)?.offset as number;
    const image = sample.image.slice();
    const disk = diskWith(image);
    const file = disk.open(path, "write");
    const byte = new Uint8Array(1);
    for (let bit = 0; bit < last * 8; bit++) {
      const at = bit >> 3;
      const good = image[at] as number;
      byte[0] = good ^ (1 << (bit & 7));
      file.writeAt(byte, at);
      let caught: unknown;
      try {
        readWal(disk, directory, logStart);
      } catch (error) {
        caught = error;
      }
      const record = sample.records.findLast(({ offset }) => offset <= at);
      const about = `bit ${bit & 7} of byte ${at - (record?.offset ?? 0)} of the record of type ${record?.type} at ${record?.offset}`;
      expect(caught, about).toBeInstanceOf(WalCorruptError);
      const { file: name, offset } = caught as WalCorruptError;
      expect(name).toBe(path);
      // A type has no checksum; the damage may show a record later.
      expect(offset, about).toBeLessThanOrEqual(
        sample.records[sample.records.indexOf(record as never) + 1]?.offset as number,
      );
      byte[0] = good;
      file.writeAt(byte, at);
    }
  });

  test("of any bit of a length is refused wherever the record lies in its sector (D04)", async () => {
    // One end is not told apart from a lost sector: a length of 16 that became 0 in the last eight bytes of a sector.
    let undetected = 0;
    for (let shift = 0; shift < 512; shift += 8) {
      for (const size of [0, 3, 700]) {
        const sample = await makeSample([20, 300 + shift, size, 40]);
        const target = sample.records.filter(({ type }) => type === RecordType.entry)[2] as Sample["records"][number];
        const header = target.end - target.offset > 40 ? 24 : 20;
        const disk = diskWith(sample.image);
        const file = disk.open(path, "write");
        const byte = new Uint8Array(1);
        for (let bit = 0; bit < header * 8; bit++) {
          const at = target.offset + (bit >> 3);
          byte[0] = (sample.image[at] as number) ^ (1 << (bit & 7));
          file.writeAt(byte, at);
          try {
            readWal(disk, directory, logStart);
            expect(target.offset % 512, `bit ${bit}, shift ${shift}, size ${size}`).toBe(504);
            expect(byte[0]).toBe(0);
            undetected += 1;
          } catch (error) {
            expect(error, `bit ${bit}, shift ${shift}, size ${size}`).toBeInstanceOf(WalCorruptError);
          }
          byte[0] = sample.image[at] as number;
          file.writeAt(byte, at);
        }
      }
    }
    expect(undetected).toBeLessThanOrEqual(1);
  });

  test("refuses a start and changes nothing", async () => {
    const sample = await makeSample([20, 300, 40]);
    const image = sample.image.slice();
    image[(sample.records[4]?.offset as number) + 30] = 0xee;
    const disk = diskWith(image);
    await expect(Wal.open(disk, directory, logStart, { segmentBytes })).rejects.toThrow("crc mismatch");
    expect(Buffer.compare(fileBytes(disk, path), image)).toBe(0);
    expect(namesIn(disk)).toEqual([segmentName(0, 0).name]);
    // The lock is gone, too.
    expect(await disk.lock(disk.open(path, "write"))).toBeDefined();
  });

  test("of a length field, larger than the file or than any memory, is refused (D05)", async () => {
    const sample = await makeSample([20, 300, 40]);
    const { offset } = sample.records.at(-1) as WalRecord;
    for (const [low, high] of [
      [0x10, 0x800000],
      [0xfffff0, 0],
      [0x20000, 0],
      [0xfffffff8, 0xffffff],
    ] as const) {
      const image = sample.image.slice();
      const view = new DataView(image.buffer);
      view.setUint32(offset, low, true);
      view.setUint32(offset + 4, high, true);
      expect(() => readWal(diskWith(image), directory, logStart)).toThrow(`${path} at offset ${offset}`);
    }
  });

  test("of an entry's index, that leaves a gap, is refused (D06)", () => {
    const frames = new FrameBuffer();
    frames.addCrc();
    frames.addData(RecordType.metadata, metadata);
    frames.addData(RecordType.snapshot, encodeSnapshotRecord(logStart));
    frames.addEntry(entryAt(1, 1, 5));
    const start = frames.bytes().slice();
    frames.addEntry(entryAt(3, 1, 5));
    const disk = diskWith(frames.bytes().slice());
    expect(() => readWal(disk, directory, logStart)).toThrow(
      `${path} at offset ${start.length}: entry: index 3 does not follow 1`,
    );
    // 13038096702221461993 as an index.
    const huge = new FrameBuffer();
    huge.addCrc();
    huge.addData(RecordType.metadata, metadata);
    huge.addData(RecordType.entry, Uint8Array.from(Buffer.from("0800100118e9e3dbe4d9dbe4f8b401", "hex")));
    expect(() => readWal(diskWith(huge.bytes().slice()), directory, logStart)).toThrow("a counter is out of range");
  });

  test("of an older segment is never repaired", async () => {
    const disk = emptyDisk();
    const wal = await Wal.create(disk, directory, metadata, { segmentBytes: 4096 });
    for (let index = 1; index <= 20; index++) {
      wal.append(stateAt(1, index - 1), [entryAt(index, 1, 300)]);
      await wal.sync();
      for (let i = 0; i < 20; i++) await Promise.resolve();
    }
    await wal.close();
    const names = namesIn(disk);
    expect(names.length).toBeGreaterThan(1);
    const size = disk.info(path)?.size as number;
    for (const cut of [size - 4, size - 100, size - 512, 100]) {
      const copy = new MemoryDisk();
      for (const name of names) putFile(copy, `${directory}/${name}`, fileBytes(disk, `${directory}/${name}`));
      const file = copy.open(path, "write");
      file.truncate(cut);
      file.truncate(cut % 8 === 4 ? cut : size);
      await expect(Wal.open(copy, directory, logStart), `cut at ${cut}`).rejects.toBeInstanceOf(WalCorruptError);
    }
  });

  test("of the metadata, or none, is refused", async () => {
    const sample = await makeSample([20]);
    const empty = diskWith(new Uint8Array(segmentBytes));
    expect(() => readWal(empty, directory, logStart)).toThrow("there is no metadata");
    const crcOnly = diskWith(sample.image.slice(0, 16));
    expect(() => readWal(crcOnly, directory, logStart)).toThrow("there is no metadata");
  });

  test("that hides as a record of another kind is refused", () => {
    const build = (add: (frames: FrameBuffer) => void): MemoryDisk => {
      const frames = new FrameBuffer();
      frames.addCrc();
      frames.addData(RecordType.metadata, metadata);
      frames.addState(stateAt(5, 1));
      add(frames);
      return diskWith(frames.bytes().slice());
    };
    const read = (disk: MemoryDisk): WalContent => readWal(disk, directory, logStart);
    expect(() => read(build((f) => f.addData(7 as never, Uint8Array.of(1))))).toThrow("type 7 is unknown");
    expect(() => read(build((f) => f.addState(stateAt(4, 1))))).toThrow("its term goes back from 5");
    expect(() => read(build((f) => f.addData(RecordType.metadata, Uint8Array.of(1))))).toThrow("it differs");
    const entry = new Uint8Array(Buffer.from("0800100518012201 61".replace(" ", ""), "hex"));
    expect(() => read(build((f) => f.addData(RecordType.state, entry)))).toThrow("hard state");
    const noTerm = new Uint8Array(Buffer.from("080010001801", "hex"));
    expect(() => read(build((f) => f.addData(RecordType.entry, noTerm)))).toThrow("it has no index or no term");
  });
});
