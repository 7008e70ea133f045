import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Backend } from "./backend.ts";
import { check } from "./check.ts";
import { composeHeader, leafFlag } from "./format.ts";
import { Freelist } from "./freelist.ts";
import { Page } from "./page.ts";
import { PageCache } from "./page-cache.ts";
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
  function page(id: number, count = 0, pages = 1): Page {
    const words = new Uint32Array(1024 * pages);
    composeHeader(words, 0, id, leafFlag, count, pages - 1);
    return new Page(new Uint8Array(words.buffer), words, 0, 4096 * pages);
  }

  /** Reads a page as the store does; tells whether it came back. */
  function read(cache: PageCache, id: number, count = 0, pages = 1): boolean {
    const again = cache.remembers(id);
    const place = again ? cache.keptPlace() : undefined;
    const there = page(id, count, pages);
    if (!again) cache.add(there);
    else cache.keep(place === undefined || pages > 1 ? there : there.copyTo(place));
    return again;
  }

  const limit = 80 * 5000;

  test("stays within its limit, and keeps what is asked for", () => {
    const cache = new PageCache(limit, 4096);
    for (let id = 2; id < 1000; id++) {
      cache.add(page(id));
      expect(cache.get(2)?.id).toBe(2);
      expect(cache.bytes).toBeLessThanOrEqual(limit);
    }
    expect(cache.get(999)?.id).toBe(999);
    expect(cache.get(100)).toBeUndefined();
  });

  test("uses an eighth of its limit for pages that nobody asks for again", () => {
    const cache = new PageCache(limit, 4096);
    for (let id = 2; id < 1000; id++) cache.add(page(id));
    expect(cache.bytes).toBeGreaterThan(limit / 8 - 5000);
    expect(cache.bytes).toBeLessThanOrEqual(limit / 8);
  });

  test("does not let pages that are passed once push out what was asked for twice", () => {
    const cache = new PageCache(limit, 4096);
    // Twelve are new at a time; being asked for counts when four more have come.
    for (let id = 2; id < 42; id++) {
      cache.add(page(id));
      for (let earlier = Math.max(2, id - 5); earlier <= id; earlier++) cache.get(earlier);
    }
    for (let id = 100; id < 1000; id++) cache.add(page(id));
    for (let id = 2; id < 37; id++) expect(cache.get(id)?.id).toBe(id);
  });

  test("takes it for one use when a page is asked for again and again at once", () => {
    const cache = new PageCache(limit, 4096);
    for (let id = 2; id < 1000; id++) {
      cache.add(page(id));
      for (let row = 0; row < 12; row++) cache.get(id);
    }
    expect(cache.bytes).toBeLessThanOrEqual(limit / 8);
  });

  test("lets go of a page that is dropped, however often it was asked for, and takes the next one with its number", () => {
    const cache = new PageCache(limit, 4096);
    for (let id = 2; id < 400; id++) {
      cache.add(page(id));
      for (let earlier = Math.max(2, id - 5); earlier <= id; earlier++) cache.get(earlier);
      if (id < 8) continue;
      cache.drop(id - 6);
      expect(cache.get(id - 6)).toBeUndefined();
    }
    expect(cache.bytes).toBeLessThanOrEqual(limit / 8);
    const next = page(3);
    cache.add(next);
    expect(cache.get(3)).toBe(next);
    expect(cache.remembers(200)).toBe(false);
  });

  test("keeps a page that comes back", () => {
    const cache = new PageCache(limit, 4096);
    for (let id = 2; id < 100; id++) read(cache, id);
    read(cache, 3);
    for (let id = 100; id < 200; id++) read(cache, id);
    expect(cache.get(3)?.id).toBe(3);
    expect(cache.get(4)).toBeUndefined();
  });

  test("does not take a page for one that comes back when another was written under its number", () => {
    const cache = new PageCache(limit, 4096);
    for (let id = 2; id < 100; id++) cache.add(page(id));
    cache.add(page(3));
    for (let id = 100; id < 200; id++) cache.add(page(id));
    expect(cache.get(3)).toBeUndefined();
  });

  let passing = 10_000;

  /** Reads a page until it is kept, with others in between that are read once. */
  function readAgain(cache: PageCache, id: number): void {
    while (!read(cache, id)) {
      for (let i = 0; i < 13; i++) read(cache, passing++);
    }
  }

  test("makes room for pages that come back by letting go those not asked for lately", () => {
    const cache = new PageCache(limit, 4096);
    for (let id = 2; id < 300; id++) {
      readAgain(cache, id);
      cache.get(2);
      expect(cache.bytes).toBeLessThanOrEqual(limit);
    }
    expect(cache.get(2)?.id).toBe(2);
    expect(cache.get(3)).toBeUndefined();
    expect(cache.get(299)?.id).toBe(299);
  });

  test("keeps what is asked for all the time even when that is nearly all it has room for", () => {
    const cache = new PageCache(limit, 4096);
    const wanted = Array.from({ length: 60 }, (_, i) => i + 2);
    for (let id = 100; id < 300; id++) {
      readAgain(cache, id);
      for (const one of wanted) if (cache.get(one) === undefined) readAgain(cache, one);
    }
    let there = 0;
    for (const one of wanted) if (cache.get(one) !== undefined) there += 1;
    expect(there).toBe(wanted.length);
  });

  test("holds a page that it keeps in other memory than those that go", () => {
    const cache = new PageCache(limit, 4096);
    const words = new Uint32Array(16 * 1024);
    composeHeader(words, 1024, 2, leafFlag, 0, 0);
    const first = new Page(new Uint8Array(words.buffer), words, 4096, 4096);
    cache.add(first);
    for (let id = 200; id < 206; id++) {
      cache.add(page(id));
      cache.get(2);
    }
    for (let id = 3; id < 100; id++) cache.add(page(id));
    const kept = cache.get(2);
    expect(kept).not.toBe(first);
    expect([kept?.id, kept?.leaf, kept?.count, kept?.length]).toEqual([2, true, 0, 4096]);
  });

  test("shows the newer of two pages with one number", () => {
    const cache = new PageCache(1 << 20, 4096);
    cache.add(page(7));
    const bytesOfOne = cache.bytes;
    const newer = page(7, 1);
    cache.add(newer);
    expect(cache.get(7)).toBe(newer);
    expect(cache.bytes).toBe(bytesOfOne);
  });

  test("shows the newest page of a number and stays within its limit, whatever comes", () => {
    const action = fc.record({
      id: fc.integer({ min: 2, max: 60 }),
      pages: fc.constantFrom(1, 1, 1, 2, 7),
      what: fc.constantFrom("write", "read", "read", "get"),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 600 }), fc.constantFrom(8, 20, 100), (actions, room) => {
        const cache = new PageCache(room * 5000, 4096);
        const newest = new Map<number, number>();
        for (const { id, pages, what } of actions) {
          const there = cache.get(id);
          if (there !== undefined) expect(there.count).toBe(newest.get(id));
          if (what === "get" || (what === "read" && there !== undefined)) continue;
          const content = what === "write" ? newest.size + 1000 : (newest.get(id) ?? 0);
          newest.set(id, content);
          if (what === "write") cache.add(page(id, content, pages));
          else read(cache, id, content, pages);
          expect(cache.bytes).toBeLessThanOrEqual(room * 5000);
        }
        let shown = 0;
        for (let id = 2; id <= 60; id++) shown += cache.get(id)?.length ?? 0;
        expect(cache.bytes).toBeGreaterThanOrEqual(shown);
      }),
    );
  });

  test("keeps nothing that is larger than its limit", () => {
    const cache = new PageCache(100, 4096);
    cache.add(page(7));
    expect(cache.get(7)).toBeUndefined();
    read(cache, 7);
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
