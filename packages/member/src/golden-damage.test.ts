import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { Backend } from "@quorate/backend";
import { silentLogger, utf8Encode } from "@quorate/base";
import { NodeClock, NodeDisk } from "@quorate/platform";
import { afterEach, describe, expect, test } from "vitest";
import { type GoldenVersion, Scope } from "../../../tests/support/index.ts";
import { BootError } from "./bootstrap.ts";
import { GoldenBoot } from "./testing/golden.ts";
import { type GoldenSource, goldenSources } from "./testing/golden-source.ts";

/** The set `single`: a raft snapshot at 401, a database past it, a log from 1. */
const snapshotIndex = 401;
const finalRevision = 382;
const versions: readonly GoldenVersion[] = ["etcd-3.4", "etcd-3.6"];

let scope = new Scope();
afterEach(async () => {
  await scope.close();
  scope = new Scope();
});

class Damaged {
  readonly dir: string;
  readonly boot: GoldenBoot;

  constructor(dir: string) {
    this.dir = dir;
    this.boot = new GoldenBoot(scope, dir);
  }

  get db(): string {
    return join(this.dir, "member/snap/db");
  }

  /** Where a database that came with the raft snapshot waits. */
  get received(): string {
    return join(this.dir, `member/snap/${snapshotIndex.toString(16).padStart(16, "0")}.snap.db`);
  }

  get snap(): string {
    const folder = join(this.dir, "member/snap");
    const name = readdirSync(folder).find((one) => one.endsWith(".snap"));
    return join(folder, name ?? "no snapshot");
  }

  get wal(): string {
    return join(this.dir, "member/wal/0000000000000000-0000000000000000.wal");
  }

  /** Offset and length of each record of the log, padding included. */
  records(): { at: number; length: number }[] {
    const head = read(this.wal, 0, 4_000_000);
    const found: { at: number; length: number }[] = [];
    for (let at = 0; at + 8 <= head.length; ) {
      const word = head.readBigUInt64LE(at);
      if (word === 0n) break;
      const padding = (word & (1n << 63n)) === 0n ? 0 : Number((word >> 56n) & 7n);
      const length = 8 + Number(word & 0xff_ffff_ffff_ffffn) + padding;
      found.push({ at, length });
      at += length;
    }
    return found;
  }

  record(fromEnd: number): { at: number; length: number } {
    const record = this.records().at(-fromEnd);
    if (record === undefined) throw new Error("the log has too few records");
    return record;
  }

  /** Expects that the member starts with everything that was there. */
  async expectWhole(): Promise<void> {
    const member = await this.boot.lead();
    expect(member.machine.store.revision).toBe(finalRevision);
    await this.boot.close();
  }

  /** Expects one line for the operator, the same at the next try. */
  async expectRefusal(reason: RegExp): Promise<void> {
    for (const attempt of ["first", "second"]) {
      const refusal = await new GoldenBoot(scope, this.dir).open().then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(refusal, attempt).toBeInstanceOf(BootError);
      expect((refusal as Error).message, attempt).toMatch(reason);
      expect((refusal as Error).message, attempt).toContain("--data-dir");
    }
  }
}

function read(path: string, at: number, length: number): Buffer {
  const file = openSync(path, "r");
  const bytes = Buffer.alloc(length);
  const got = readSync(file, bytes, 0, length, at);
  closeSync(file);
  return bytes.subarray(0, got);
}

function overwrite(path: string, at: number, bytes: Uint8Array): void {
  const file = openSync(path, "r+");
  writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
}

function flip(path: string, at: number): void {
  const [byte = 0] = read(path, at, 1);
  overwrite(path, at, Uint8Array.of(byte ^ 0x10));
}

const pageBytes = 4096;
const metaAt = (meta: 0 | 1): number => meta * pageBytes + 40;

// The fixtures are the same directories as in the collection: once is enough.
const source = goldenSources[0] as GoldenSource;

describe.each(versions)("a damaged directory of %s", (version) => {
  const damaged = async (): Promise<Damaged> => new Damaged(await source.unpack(scope, version, "single"));
  /** An older state of the same member: a backup taken long before the raft snapshot. */
  const olderDatabase = (): string => source.snapshot(scope, version, "stage1-before-compaction");

  test("with a log that was cut inside its last record is repaired", async () => {
    const it = await damaged();
    const { at, length } = it.record(1);
    overwrite(it.wal, at + length - 9, new Uint8Array(9));
    truncateSync(it.wal, at + length - 9);
    await it.expectWhole();
    expect(existsSync(`${it.wal}.broken`)).toBe(true);
  });

  test("with a flipped bit in its last entry is refused, by file and position", async () => {
    const it = await damaged();
    const entry = it.records().findLast(({ length }) => length > 48);
    flip(it.wal, (entry?.at ?? 0) + 30);
    await it.expectRefusal(/\.wal.*crc|crc.*\.wal/s);
  });

  test("with a zeroed sector in an older record has lost what was acknowledged, and is refused", async () => {
    const it = await damaged();
    const { at } = it.record(60);
    overwrite(it.wal, Math.ceil(at / 512) * 512, new Uint8Array(512));
    await it.expectRefusal(/holds index \d+, but the log ends at \d+/);
  });

  test("with a broken snapshot file is replayed from the log", async () => {
    const it = await damaged();
    const { snap } = it;
    flip(snap, 200);
    await it.expectWhole();
    expect(existsSync(`${snap}.broken`)).toBe(true);
  });

  test("without its snapshot file is replayed from the log", async () => {
    const it = await damaged();
    rmSync(it.snap);
    await it.expectWhole();
  });

  test("without its database is refused, again and again", async () => {
    const it = await damaged();
    rmSync(it.db);
    await it.expectRefusal(/does not match with snapshot \(index 401\)/);
  });

  test("with its database waiting as a received one takes that", async () => {
    const it = await damaged();
    copyFileSync(it.db, it.received);
    rmSync(it.db);
    await it.expectWhole();
  });

  test("with an older database takes the received one", async () => {
    const it = await damaged();
    copyFileSync(it.db, it.received);
    copyFileSync(olderDatabase(), it.db);
    truncateSync(it.db, Math.floor(statSync(it.db).size / pageBytes) * pageBytes);
    await it.expectWhole();
  });

  test("with an older database and nothing received is refused", async () => {
    const it = await damaged();
    copyFileSync(olderDatabase(), it.db);
    truncateSync(it.db, Math.floor(statSync(it.db).size / pageBytes) * pageBytes);
    await it.expectRefusal(/index \d+\) does not match with snapshot \(index 401\)/);
  });

  test.each([0, 1] as const)("with an invalid meta page %i falls back to the other", async (meta) => {
    const it = await damaged();
    flip(it.db, metaAt(meta));
    await it.expectWhole();
  });

  test("with two invalid meta pages is refused", async () => {
    const it = await damaged();
    flip(it.db, metaAt(0));
    flip(it.db, metaAt(1));
    await it.expectRefusal(/snap\/db/);
  });

  test("with a database that was cut short is refused", async () => {
    const it = await damaged();
    truncateSync(it.db, 4 * pageBytes);
    await it.expectRefusal(/snap\/db/);
  });

  test("with authentication on is refused", async () => {
    const it = await damaged();
    const backend = await Backend.open(new NodeDisk(), it.db, {
      clock: new NodeClock(),
      logger: silentLogger,
      pageCacheBytesMax: 1 << 20,
      batchIntervalMs: 100,
      batchLimit: 100,
      noSync: false,
    });
    backend.batch.put(backend.bucket(utf8Encode("auth")), utf8Encode("authEnabled"), Uint8Array.of(1));
    await backend.close();
    await it.expectRefusal(/authentication is enabled in this cluster/);
  });

  test("with leftovers of a crash is cleared of them (D11)", async () => {
    const it = await damaged();
    const leftover = join(it.dir, "member/snap/tmp123456789");
    copyFileSync(it.snap, leftover);
    await it.expectWhole();
    expect(existsSync(leftover)).toBe(false);
  });
});
