import { compareBytes, SeededRandom, toHex } from "@quorate/base";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Backend } from "./backend.ts";
import { check } from "./check.ts";
import { bytes, contentOf, newDisk, path, testOptions } from "./testing/harness.ts";
import { bboltCheck, haveBbolt } from "./testing/real.ts";
import type { Reader, ReadTx } from "./types.ts";

const names = [bytes("a"), bytes("key"), bytes("meta")];

/** The naive model: per bucket a map from key in hexadecimal to value. */
type Model = Map<string, Uint8Array>[];

const copyOf = (model: Model): Model => model.map((rows) => new Map(rows));

function expectSame(reader: Reader, model: Model): void {
  for (const [i, name] of names.entries()) {
    const expected = [...(model[i] as Map<string, Uint8Array>)].sort(([a], [b]) => (a < b ? -1 : 1));
    const bucket = reader.bucket(name);
    if (bucket === undefined) {
      expect(expected).toEqual([]);
      continue;
    }
    const found: [string, string][] = [];
    reader.range(bucket, new Uint8Array(0), undefined, (key, value) => void found.push([toHex(key), toHex(value)]));
    expect(found).toEqual(expected.map(([key, value]) => [key, toHex(value)]));
    expect(reader.count(bucket)).toBe(expected.length);
  }
}

function someKey(random: SeededRandom): Uint8Array {
  const key = new Uint8Array(1 + random.below(random.below(20) === 0 ? 900 : 12));
  for (let i = 0; i < key.length; i++) key[i] = random.below(i === 0 ? 200 : 6);
  return key;
}

function someValue(random: SeededRandom): Uint8Array {
  const kind = random.below(40);
  const value = new Uint8Array(random.below(kind === 0 ? 9000 : kind < 5 ? 900 : 60));
  return value.fill(random.below(256));
}

/** Removes rows from a random key on, all or some of them, and keys that are not there among them. */
function removeSome(backend: Backend, name: Uint8Array, rows: Map<string, Uint8Array>, random: SeededRandom): void {
  const bucket = backend.bucket(name);
  const found: Uint8Array[] = [];
  const every = 1 + random.below(3);
  const from = random.below(2) === 0 ? new Uint8Array(0) : someKey(random);
  backend.batch.range(bucket, from, undefined, (key) => void found.push(key.slice()), random.below(400));
  const strangers = Array.from({ length: random.below(4) }, () => someKey(random)).filter(
    (key) => !rows.has(toHex(key)),
  );
  let keys = [...found.filter((_, i) => i % every === 0), ...strangers].sort(compareBytes);
  for (const key of keys) rows.delete(toHex(key));
  while (keys.length > 0) {
    const done = backend.batch.deleteSome(bucket, keys);
    expect(done).toBeGreaterThan(0);
    keys = keys.slice(done);
  }
}

/** Makes random changes to the batch and the model alike. */
function change(backend: Backend, model: Model, random: SeededRandom, changes: number, deletes: number): void {
  for (let i = 0; i < changes; i++) {
    const at = random.below(names.length);
    const bucket = backend.bucket(names[at] as Uint8Array);
    const rows = model[at] as Map<string, Uint8Array>;
    if (random.below(300) < deletes / 20) {
      removeSome(backend, names[at] as Uint8Array, rows, random);
    } else if (random.below(100) < deletes && rows.size > 0) {
      const cursor = backend.batch.cursor(bucket);
      const there = cursor.seek(someKey(random)) || cursor.first();
      expect(there).toBe(true);
      const key = cursor.key;
      expect(backend.batch.delete(bucket, key)).toBe(true);
      rows.delete(toHex(key));
    } else {
      const key = someKey(random);
      const value = someValue(random);
      backend.batch.put(bucket, key, value);
      rows.set(toHex(key), value);
    }
  }
}

describe("the tree", () => {
  test("holds what a map holds, through commits, reopening, and growing and shrinking", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.constantFrom(1024, 4096), async (seed, initialPageSize) => {
        const random = new SeededRandom(seed);
        const disk = await newDisk();
        const options = testOptions({ initialPageSize });
        let backend = await Backend.open(disk, path, options);
        let model: Model = names.map(() => new Map());
        for (const name of names) backend.batch.createBucket(name);
        const commits: Promise<void>[] = [];
        const readers: { readonly tx: ReadTx; readonly model: Model }[] = [];
        for (let round = 0; round < 12; round++) {
          change(backend, model, random, random.below(300), round % 6 < 3 ? 20 : 80);
          const step = random.below(10);
          if (step < 3) readers.push({ tx: backend.read(), model: copyOf(model) });
          else if (step < 7) {
            await backend.commit();
            expect([...check(disk, path)]).toEqual([]);
          } else if (step < 8) commits.push(backend.commit());
          else if (step < 9 && readers.length > 0) readers.splice(random.below(readers.length), 1)[0]?.tx.close();
          expectSame(backend.batch, model);
          for (const reader of readers) expectSame(reader.tx, reader.model);
        }
        await Promise.all(commits);
        for (const { tx } of readers) tx.close();
        expect(backend.openReads()).toBe(0);
        await backend.close();
        expect([...check(disk, path)]).toEqual([]);
        // Its start-up costs more than the whole round: every fourth will do.
        if (haveBbolt && seed % 4 === 0) expect(bboltCheck(contentOf(disk))).toContain("OK");
        backend = await Backend.open(disk, path, options);
        expectSame(backend.batch, model);
        for (const name of names) {
          const bucket = backend.bucket(name);
          const all: Uint8Array[] = [];
          backend.batch.range(bucket, new Uint8Array(0), undefined, (key) => void all.push(key));
          for (const key of all) backend.batch.delete(bucket, key);
        }
        model = names.map(() => new Map());
        expectSame(backend.batch, model);
        await backend.close();
        expect([...check(disk, path)]).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  test("finds any range as a sorted array does", async () => {
    const disk = await newDisk();
    const backend = await Backend.open(disk, path, testOptions({ initialPageSize: 1024 }));
    const bucket = backend.batch.createBucket(bytes("key"));
    const random = new SeededRandom(7);
    const keys: Uint8Array[] = [];
    for (let i = 0; i < 2000; i++) {
      const key = someKey(random);
      backend.batch.put(bucket, key, key);
      keys.push(key);
      if (i === 1000) await backend.commit();
    }
    const sorted = [...new Map(keys.map((key) => [toHex(key), key])).values()].sort(compareBytes);
    const bound = fc.oneof(fc.uint8Array({ maxLength: 4, max: 8 }), fc.constantFrom(...keys));
    fc.assert(
      fc.property(bound, fc.option(bound, { nil: undefined }), fc.integer({ min: 1, max: 300 }), (from, to, limit) => {
        const inside = sorted.filter(
          (key) => compareBytes(key, from) >= 0 && (to === undefined || compareBytes(key, to) < 0),
        );
        const found: Uint8Array[] = [];
        const visited = backend.batch.range(bucket, from, to, (key) => void found.push(key), limit);
        expect(found.map(toHex)).toEqual(inside.slice(0, limit).map(toHex));
        expect(visited).toBe(Math.min(limit, inside.length));
        expect(backend.batch.count(bucket, from, to)).toBe(inside.length);
        const cursor = backend.batch.cursor(bucket);
        const next = sorted.findIndex((key) => compareBytes(key, from) >= 0);
        expect(cursor.seek(from)).toBe(next >= 0);
        if (next < 0) return;
        expect(toHex(cursor.key)).toBe(toHex(sorted[next] as Uint8Array));
        expect(cursor.prev()).toBe(next > 0);
        if (next > 0) expect(toHex(cursor.key)).toBe(toHex(sorted[next - 1] as Uint8Array));
      }),
      { numRuns: 500 },
    );
    await backend.close();
  });
});
