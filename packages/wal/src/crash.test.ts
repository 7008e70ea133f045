/** Power cuts at every step of a log's life: what was synced is there afterwards, and the log goes on. */
import { DiskError, type LogIndex, SeededRandom } from "@quorate/base";
import { MemoryDisk, type Unsynced } from "@quorate/base/testing";
import { describe, expect, test } from "vitest";
import { hasWal, type LogPosition, logStart, validSnapshots, Wal, type WalOptions } from "./index.ts";
import { bare, confState, directory, entryAt, metadata, namesIn, stateAt } from "./testing/log.ts";

const options: WalOptions = { segmentBytes: 4096 };
/** Who writes; a batch has some 500 to 1,500 bytes. */
const writers: Record<string, WalOptions> = {
  "written at once": options,
  "written by a thread": { ...options, threadBytesMin: 0 },
  "written by a thread where a batch is large": { ...options, threadBytesMin: 1000 },
};
const batches = 36;

/** What the caller was told. */
interface Promised {
  created: boolean;
  index: LogIndex;
  term: number;
  snapshot: LogPosition;
}

class PowerCut extends Error {}

/** Writes batches of three entries, each synced, snapshots on the way, releases and purges; notes what it was promised. */
async function live(disk: MemoryDisk, promised: Promised, how: WalOptions = options): Promise<void> {
  disk.makeDirectory("/member");
  await disk.syncDirectory("/");
  const wal = await Wal.create(disk, directory, metadata, how);
  promised.created = true;
  let index = 0;
  for (let batch = 1; batch <= batches; batch++) {
    const term = 1 + Math.floor(batch / 12);
    const entries = [1, 2, 3].map((i) => entryAt(index + i, term, 150 + ((batch * 53) % 300)));
    index += 3;
    wal.append(stateAt(term, index - 3), entries);
    await wal.sync();
    promised.index = index;
    promised.term = term;
    if (batch % 11 === 0) {
      const snapshot = { index: index - 3, term: 1 + Math.floor((batch - 1) / 12) };
      await wal.saveSnapshot({ ...snapshot, confState });
      promised.snapshot = snapshot;
      wal.release(snapshot.index);
      await wal.purge(1);
    }
    // The next segment is prepared meanwhile.
    for (let i = 0; i < 10; i++) await Promise.resolve();
  }
  await wal.close();
}

/** Starts as a member does, checks what it finds against what was promised, and writes on. */
async function recover(disk: MemoryDisk, promised: Promised, about: string): Promise<void> {
  if (!hasWal(disk, directory)) {
    expect(promised.created, about).toBe(false);
    disk.makeDirectory("/member");
    await (await Wal.create(disk, directory, metadata, options)).close();
    return;
  }
  const from = validSnapshots(disk, directory).at(-1) ?? logStart;
  expect(from.index, about).toBeGreaterThanOrEqual(promised.snapshot.index);
  const { wal, entries, hardState, ...opened } = await Wal.open(disk, directory, from, options);
  expect(opened.metadata, about).toEqual(metadata);
  expect(from.index + entries.length, about).toBeGreaterThanOrEqual(promised.index);
  expect(hardState.term, about).toBeGreaterThanOrEqual(promised.term);
  entries.forEach((entry, i) => {
    expect(entry.index, about).toBe(from.index + 1 + i);
    const size = entry.data.length;
    expect(bare(entry)).toEqual(bare(entryAt(entry.index, entry.term, size)));
  });
  const next = from.index + entries.length + 1;
  wal.append(stateAt(9, next - 1), [entryAt(next, 9, 3000), entryAt(next + 1, 9, 3000)]);
  await wal.sync();
  for (let i = 0; i < 10; i++) await Promise.resolve();
  wal.append(undefined, [entryAt(next + 2, 9, 10)]);
  await wal.close();
  disk.crash();
  const again = await Wal.open(disk, directory, from, options);
  expect(again.repaired, about).toBeUndefined();
  expect(again.entries.length, about).toBe(entries.length + 3);
  await again.wal.close();
}

const fates: Record<string, (random: SeededRandom) => (o: Unsynced) => boolean | number> = {
  "all that was not synced is lost": () => () => false,
  "all survives": () => () => true,
  "names survive, content does not": () => (o) => o.kind === "names",
  "content survives, names do not": () => (o) => o.kind !== "names",
  "any half of it survives": (random) => () => random.below(2) === 1,
  "writes survive in part": (random) => (o) =>
    o.kind === "write" ? Math.ceil(random.below(o.length + 1) / 512) * 512 : true,
};

/** A disk whose power ends at a step, once. */
class CutDisk {
  #left = Number.POSITIVE_INFINITY;
  readonly disk: MemoryDisk = new MemoryDisk({
    before: ({ operation, path }) => {
      if (this.#left-- <= 0) throw new DiskError(operation, path, "EIO", { cause: new PowerCut() });
    },
  });

  /** Runs `body` until `steps` steps are done; returns whether it came to its end before. */
  async run(steps: number, body: () => Promise<void>, about: string): Promise<boolean> {
    this.#left = steps;
    try {
      await body();
      return true;
    } catch (error) {
      if (!(error instanceof DiskError && error.cause instanceof PowerCut)) throw error;
      expect(error.code, about).toBe("EIO");
      return false;
    } finally {
      this.#left = Number.POSITIVE_INFINITY;
    }
  }
}

const nothing = (): Promised => ({ created: false, index: 0, term: 0, snapshot: logStart });

async function cutAt(step: number, fate: string, how: WalOptions): Promise<boolean> {
  const cut = new CutDisk();
  const promised = nothing();
  const about = `${fate}, cut at step ${step}`;
  const finished = await cut.run(step, () => live(cut.disk, promised, how), about);
  cut.disk.crash((fates[fate] as (typeof fates)[string])(new SeededRandom(step)));
  await recover(cut.disk, promised, about);
  return finished;
}

/** A first cut while the log lives, a second while it starts again. */
async function cutTwice(step: number, second: number): Promise<{ finished: boolean; started: boolean }> {
  const cut = new CutDisk();
  const promised = nothing();
  const random = new SeededRandom(step * 1000 + second);
  const half = (o: Unsynced): boolean | number =>
    o.kind === "write" ? random.below(o.length + 1) : random.below(2) === 1;
  const about = `cut at step ${step}, then at ${second}`;
  const finished = await cut.run(step, () => live(cut.disk, promised), about);
  cut.disk.crash(half);
  const start = async (): Promise<void> => {
    if (!hasWal(cut.disk, directory)) return;
    const from = validSnapshots(cut.disk, directory).at(-1) ?? logStart;
    await Wal.open(cut.disk, directory, from, options);
  };
  const started = await cut.run(second, start, about);
  cut.disk.crash(half);
  await recover(cut.disk, promised, about);
  return { finished, started };
}

describe("after a power cut at each step of creating, appending, cutting, releasing and purging (D08, D09)", () => {
  for (const [writer, how] of Object.entries(writers)) {
    for (const fate of Object.keys(fates)) {
      test(`the log, ${writer}, starts and keeps its promises; ${fate}`, async () => {
        let step = 0;
        while (!(await cutAt(step, fate, how))) step += 1;
        expect(step).toBeGreaterThan(100);
      });
    }
  }

  test("and again at each step of the start that follows", async () => {
    let seconds = 0;
    for (let step = 0; ; step += 3) {
      let second = 0;
      let outcome = await cutTwice(step, second);
      while (!outcome.started) outcome = await cutTwice(step, ++second);
      seconds = Math.max(seconds, second);
      if (outcome.finished) break;
    }
    expect(seconds).toBeGreaterThan(4);
  });
});

test("segments that are cut while a sync takes long keep what is in them (D08, D23)", async () => {
  for (const how of Object.values(writers)) await cutDuringSync(how);
});

async function cutDuringSync(how: WalOptions): Promise<void> {
  let slow = false;
  const waiting: (() => void)[] = [];
  const disk = new MemoryDisk({
    syncDelay: () => (slow ? new Promise<void>((resolve) => waiting.push(resolve)) : Promise.resolve()),
  });
  disk.makeDirectory("/member");
  await disk.syncDirectory("/");
  const wal = await Wal.create(disk, directory, metadata, how);
  slow = true;
  const synced: Promise<void>[] = [];
  for (let index = 1; index <= 60; index++) {
    wal.append(stateAt(1, index - 1), [entryAt(index, 1, 700)]);
    synced.push(wal.sync());
    for (let i = 0; i < 10; i++) await Promise.resolve();
  }
  slow = false;
  for (const resolve of waiting.splice(0)) resolve();
  await Promise.all(synced);
  disk.crash();
  const { entries } = await Wal.open(disk, directory, logStart, how);
  expect(entries.map(bare)).toEqual(Array.from({ length: 60 }, (_, i) => bare(entryAt(i + 1, 1, 700))));
}

test("a sync that is asked for when another ends does not run beside the one that waits (D08)", async () => {
  let running = 0;
  let most = 0;
  const disk = new MemoryDisk({
    syncDelay: async () => {
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
    },
  });
  disk.makeDirectory("/member");
  await disk.syncDirectory("/");
  const wal = await Wal.create(disk, directory, metadata, options);
  let index = 0;
  const write = (): Promise<void> => {
    index += 1;
    wal.append(stateAt(1, index - 1), [entryAt(index, 1, 500)]);
    return wal.sync();
  };
  const waiting: Promise<void>[] = [];
  for (let round = 0; round < 40; round++) {
    // Whoever waited for the first asks for more as soon as it ends, while the second is due.
    waiting.push(write().then(write), write());
    for (let i = 0; i < 3; i++) await Promise.resolve();
  }
  await Promise.all(waiting);
  expect(most).toBe(1);
  expect(namesIn(disk).length).toBeGreaterThan(5);
  await wal.close();
});

test("a write that a cut left without its segment's beginning is started over", async () => {
  // A segment has its name, but a disk that reports syncs which it did not do lost what was in it.
  const disk = new MemoryDisk();
  disk.makeDirectory("/member");
  const wal = await Wal.create(disk, directory, metadata, options);
  for (let index = 1; index <= 12; index++) {
    wal.append(stateAt(1, index - 1), [entryAt(index, 1, 300)]);
    await wal.sync();
    for (let i = 0; i < 10; i++) await Promise.resolve();
  }
  await wal.close();
  const tail = `${directory}/${disk.list(directory).at(-1)}`;
  for (const left of [0, 16, 20, 40]) {
    const file = disk.open(tail, "write");
    file.truncate(left);
    file.close();
    const { wal: again, entries, hardState } = await Wal.open(disk, directory, logStart, options);
    const last = entries.length;
    expect(hardState.term).toBe(1);
    again.append(stateAt(1, last), [entryAt(last + 1, 1, 10)]);
    await again.close();
    const reopened = await Wal.open(disk, directory, logStart, options);
    expect(reopened.entries.length).toBe(last + 1);
    await reopened.wal.close();
  }
});

test("names that a killed process gave are durable before anything is built on them (D09)", async () => {
  // Killed between a rename and the sync of the directory: the log's own name, or that of a segment.
  for (const killAt of [1, 2, 3]) {
    let renames = 0;
    let killed = false;
    const disk = new MemoryDisk({
      before: ({ operation, path }) => {
        if (operation === "rename") renames += 1;
        if (operation !== "syncDirectory" || renames !== killAt || killed) return;
        killed = true;
        throw new DiskError(operation, path, "EIO", { cause: new PowerCut() });
      },
    });
    disk.makeDirectory("/member");
    await disk.syncDirectory("/");
    const write = async (wal: Wal, from: LogIndex): Promise<void> => {
      for (let index = from; index < from + 20; index++) {
        wal.append(stateAt(1, index - 1), [entryAt(index, 1, 700)]);
        await wal.sync();
        for (let i = 0; i < 10; i++) await Promise.resolve();
      }
    };
    let first: Wal | undefined;
    const life = async (): Promise<void> => {
      first = await Wal.create(disk, directory, metadata, options);
      await write(first, 1);
    };
    await expect(life()).rejects.toThrow("EIO");
    // Lets go of the locks; a log that failed syncs nothing more.
    await first?.close();
    const { wal, entries } = await Wal.open(disk, directory, logStart, options);
    await write(wal, entries.length + 1);
    disk.crash();
    const after = await Wal.open(disk, directory, logStart, options);
    expect(after.entries.length, `killed at rename ${killAt}`).toBe(entries.length + 20);
  }
});
