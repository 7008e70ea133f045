import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Backend } from "./backend.ts";
import { check } from "./check.ts";
import { leafFlag } from "./format.ts";
import { Freelist } from "./freelist.ts";
import { Page } from "./page.ts";
import { PageCache } from "./page-cache.ts";
import { composeHeader } from "./store.ts";
import { bytes, contentOf, newDisk, path, testOptions } from "./testing/harness.ts";
import { bboltCheck, haveBbolt } from "./testing/real.ts";

describe("the freelist", () => {
  test("hands out the lowest run that fits, as a set of numbers does", () => {
    const action = fc.oneof(
      fc.record({ take: fc.integer({ min: 1, max: 6 }) }),
      fc.record({ give: fc.nat(1000), wait: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const list = new Freelist();
        const model = new Set<number>();
        const taken: number[] = [];
        list.add(2, 100);
        for (let page = 2; page < 102; page++) model.add(page);
        let txid = 1;
        for (const one of actions) {
          if ("take" in one) {
            let expected = 0;
            for (const page of [...model].sort((a, b) => a - b)) {
              const run = Array.from({ length: one.take }, (_, i) => page + i);
              if (!run.every((each) => model.has(each))) continue;
              expected = page;
              for (const each of run) {
                model.delete(each);
                taken.push(each);
              }
              break;
            }
            expect(list.allocate(one.take)).toBe(expected);
          } else if (taken.length > 0) {
            const page = taken.splice(one.give % taken.length, 1)[0] as number;
            list.free(txid, page, 1);
            expect(list.pendingPages).toBeGreaterThan(0);
            if (one.wait) continue;
            // Pages of this transaction stay pending; those of earlier ones become free.
            list.release(txid);
            txid += 1;
            expect(list.pendingPages).toBe(0);
            for (let id = 2; id < 102; id++) if (!taken.includes(id)) model.add(id);
          }
          expect(list.freePages).toBe(model.size);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("keeps what a later transaction freed", () => {
    const list = new Freelist();
    list.free(5, 10, 2);
    list.free(6, 20, 1);
    list.release(4);
    expect(list.freePages).toBe(0);
    list.release(5);
    expect(list.freePages).toBe(2);
    expect(list.pendingPages).toBe(1);
    expect(list.allocate(2)).toBe(10);
    expect(list.allocate(1)).toBe(0);
  });

  test("does not take a page twice", () => {
    const list = new Freelist();
    list.add(10, 1);
    expect(() => list.add(10, 1)).toThrow("page is freed twice");
  });
});

describe("the page cache", () => {
  function page(id: number): Page {
    const words = new Uint32Array(1024);
    composeHeader(words, 0, id, leafFlag, 0, 0);
    return new Page(new Uint8Array(words.buffer), words, 0, 4096);
  }

  test("stays within its limit, and keeps what is asked for", () => {
    const cache = new PageCache(20 * 5000);
    for (let id = 2; id < 500; id++) {
      cache.set(page(id));
      expect(cache.get(2)?.id).toBe(2);
      expect(cache.bytes).toBeLessThanOrEqual(20 * 5000);
    }
    expect(cache.get(499)?.id).toBe(499);
    expect(cache.get(100)).toBeUndefined();
  });

  test("shows the newer of two pages with one number", () => {
    const cache = new PageCache(1 << 20);
    cache.set(page(7));
    const bytesOfOne = cache.bytes;
    const newer = page(7);
    cache.set(newer);
    expect(cache.get(7)).toBe(newer);
    expect(cache.bytes).toBe(bytesOfOne);
  });

  test("keeps nothing that is larger than its limit", () => {
    const cache = new PageCache(100);
    cache.set(page(7));
    expect(cache.get(7)).toBeUndefined();
    expect(cache.bytes).toBe(0);
  });
});

describe("the tree after a compaction", () => {
  test.each([2, 10, 100])("that leaves every %i-th row has pages well filled", async (every) => {
    const disk = await newDisk();
    const backend = await Backend.open(disk, path, testOptions({ pageCacheBytesMax: 1 << 24 }));
    const key = backend.batch.createBucket(bytes("key"));
    const rows = 20_000;
    for (let i = 0; i < rows; i++) backend.batch.put(key, bytes(`${100_000 + i}`), new Uint8Array(100));
    await backend.commit();
    // 0.9 of a page is filled when keys come in order.
    expect(backend.size()).toBeLessThan((rows * 122) / 0.85);
    for (let i = 0; i < rows; i++) {
      if (i % every !== 0) backend.batch.delete(key, bytes(`${100_000 + i}`));
      if (i % 1000 === 0) await backend.commit();
    }
    for (let i = 0; i < 3; i++) {
      backend.batch.put(key, bytes("last"), bytes(`${i}`));
      await backend.commit();
    }
    expect(backend.batch.count(key)).toBe(rows / every + 1);
    expect(backend.sizeInUse()).toBeLessThan((rows / every) * 122 * 2.5 + 10 * 4096);
    await backend.close();
    expect([...check(disk, path)]).toEqual([]);
  });
});

describe("space of a database", () => {
  const key = bytes("key");

  test("is used again, once no meta page and no reader needs it", async () => {
    const backend = await Backend.open(await newDisk(), path, testOptions());
    backend.batch.createBucket(key);
    const fill = async (rounds: number): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        for (let i = 0; i < 50; i++) backend.batch.put(key, bytes(`k${i}`), new Uint8Array(1000).fill(round));
        await backend.commit();
      }
    };
    await fill(5);
    const size = backend.size();
    await fill(20);
    expect(backend.size()).toBe(size);
    const reader = backend.read();
    await fill(20);
    expect(backend.size()).toBeGreaterThan(size * 3);
    expect(reader.get(key, bytes("k7"))).toEqual(new Uint8Array(1000).fill(19));
    reader.close();
    const grown = backend.size();
    await fill(20);
    expect(backend.size()).toBe(grown);
    expect(backend.sizeInUse()).toBeLessThan(grown);
    await backend.close();
  });

  test("is found again when the file is opened", async () => {
    const disk = await newDisk();
    let backend = await Backend.open(disk, path, testOptions());
    backend.batch.createBucket(key);
    for (let i = 0; i < 2000; i++) backend.batch.put(key, bytes(`k${i}`), new Uint8Array(500));
    await backend.commit();
    for (let i = 0; i < 2000; i++) backend.batch.delete(key, bytes(`k${i}`));
    const reader = backend.read();
    await backend.commit();
    expect(backend.sizeInUse()).toBeGreaterThan(1_000_000);
    reader.close();
    expect(backend.sizeInUse()).toBeLessThan(6 * 4096);
    await backend.close();
    backend = await Backend.open(disk, path, testOptions());
    expect(backend.size()).toBeGreaterThan(1_000_000);
    expect(backend.sizeInUse()).toBeLessThan(6 * 4096);
    const size = backend.size();
    for (let i = 0; i < 1000; i++) backend.batch.put(key, bytes(`k${i}`), new Uint8Array(500));
    await backend.commit();
    expect(backend.size()).toBe(size);
    await backend.close();
  });

  test("of a large value lies in one run of pages", async () => {
    const disk = await newDisk();
    let backend = await Backend.open(disk, path, testOptions());
    backend.batch.createBucket(key);
    const large = new Uint8Array(1_500_000).fill(7);
    for (let i = 0; i < 4; i++) {
      backend.batch.put(key, bytes(`k${i}`), large);
      backend.batch.put(key, bytes(`small${i}`), bytes("v"));
    }
    await backend.close();
    expect([...check(disk, path)]).toEqual([]);
    if (haveBbolt) expect(bboltCheck(contentOf(disk))).toContain("OK");
    backend = await Backend.open(disk, path, testOptions());
    expect(backend.batch.get(key, bytes("k2"))).toEqual(large);
    await backend.close();
  });
});
