import { SeededRandom, toHex } from "@quorate/base";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Backend } from "./backend.ts";
import { check } from "./check.ts";
import { bytes, contentOf, damage, newDisk, path, testOptions } from "./testing/harness.ts";
import type { Reader } from "./types.ts";

const name = bytes("key");

function picture(reader: Reader): string {
  let text = "";
  if (reader.bucket(name) === undefined) return text;
  reader.range(name, new Uint8Array(0), undefined, (key, value) => {
    text += `${toHex(key)}=${value.length}:${value[0] ?? 0} `;
  });
  return text;
}

describe("a crash", () => {
  test("leaves the last batch that was acknowledged, or a later one, whole", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const random = new SeededRandom(seed);
        const disk = await newDisk();
        const options = testOptions({ initialPageSize: 1024, growBytes: random.below(2) * 32 * 1024 });
        // What each batch that began to be written holds, and the last one known to be durable.
        let pictures: string[] = [""];
        let acknowledged = 0;
        for (let life = 0; life < 4; life++) {
          const backend = await Backend.open(disk, path, options);
          expect(pictures.slice(acknowledged)).toContain(picture(backend.batch));
          pictures = [picture(backend.batch)];
          acknowledged = 0;
          backend.batch.createBucket(name);
          backend.onBeforeCommit = (tx) => void pictures.push(picture(tx));
          const batches = random.below(6);
          for (let i = 0; i < batches; i++) {
            for (let rows = random.below(80); rows >= 0; rows--) {
              const key = bytes(`key ${random.below(150)}`);
              if (random.below(3) > 0)
                backend.batch.put(name, key, new Uint8Array(random.below(300)).fill(random.below(256)));
              else backend.batch.delete(name, key);
            }
            const number = pictures.length;
            const committed = backend.commit().then(
              () => {
                acknowledged = Math.max(acknowledged, number);
              },
              () => undefined,
            );
            if (random.below(2) === 0) await committed;
            else for (let turns = random.below(8); turns > 0; turns--) await Promise.resolve();
          }
          const odds = random.below(4);
          disk.crash((operation) => {
            if (random.below(4) < odds) return true;
            return operation.kind === "write" && random.below(2) === 0 ? random.below(operation.length) : false;
          });
          expect([...check(disk, path)]).toEqual([]);
        }
      }),
      { numRuns: 150 },
    );
  });

  test("may take the newest meta page too: the older one still names a whole tree", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const random = new SeededRandom(seed);
        const disk = await newDisk();
        const backend = await Backend.open(disk, path, testOptions({ initialPageSize: 1024 }));
        backend.batch.createBucket(name);
        const pictures: string[] = [];
        for (let i = 2; i < 12; i++) {
          for (let rows = 0; rows < 60; rows++) {
            const key = bytes(`key ${random.below(150)}`);
            if (random.below(3) > 0) backend.batch.put(name, key, new Uint8Array(random.below(300)).fill(i));
            else backend.batch.delete(name, key);
          }
          pictures.push(picture(backend.batch));
          await backend.commit();
          if (i < 3) continue;
          const copy = await newDisk(contentOf(disk));
          damage(copy, (i % 2) * 1024 + 60, 0xff);
          expect([...check(copy, path)]).toEqual([]);
          const older = await Backend.open(copy, path, testOptions());
          expect(picture(older.batch)).toBe(pictures[i - 3]);
          await older.close();
        }
        await backend.close();
      }),
      { numRuns: 20 },
    );
  });

  test("while pages are written may take the newest meta page too", async () => {
    const gates: (() => void)[] = [];
    let gated = false;
    const disk = await newDisk(undefined, {
      syncDelay: () => (gated ? new Promise<void>((resolve) => gates.push(resolve)) : Promise.resolve()),
    });
    const backend = await Backend.open(disk, path, testOptions({ initialPageSize: 1024 }));
    backend.batch.createBucket(name);
    const pictures: string[] = [];
    const overwrite = (value: number): void => {
      for (let i = 0; i < 50; i++) backend.batch.put(name, bytes(`key ${i}`), new Uint8Array(200).fill(value));
      pictures.push(picture(backend.batch));
    };
    for (let txid = 2; txid < 9; txid++) {
      overwrite(txid);
      await backend.commit();
    }
    gated = true;
    overwrite(9);
    const committed = backend.commit();
    // Transaction 9 has written its pages, but no meta page: 8 and 7 are in the file.
    const copy = await newDisk(contentOf(disk));
    damage(copy, 60, 0xff);
    expect([...check(copy, path)]).toEqual([]);
    const older = await Backend.open(copy, path, testOptions());
    expect(picture(older.batch)).toBe(pictures[5]);
    await older.close();
    gated = false;
    for (const open of gates) open();
    await committed;
    await backend.close();
  });

  test("after the process was killed between a meta page and its sync finds a whole tree", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const random = new SeededRandom(seed);
        let stuckAt = Number.POSITIVE_INFINITY;
        const memory = await newDisk(undefined, {
          syncDelay: () => (--stuckAt < 0 ? new Promise<void>(() => undefined) : Promise.resolve()),
        });
        // A killed process lets go of its lock, but not of what it wrote.
        const disk = new Proxy(memory, {
          get: (target, property) => {
            if (property === "lock") return async () => ({ release: () => undefined });
            const value = Reflect.get(target, property, target) as unknown;
            return typeof value === "function" ? value.bind(target) : value;
          },
        });
        const options = testOptions({ initialPageSize: 1024 });
        const pictures: string[] = [];
        const overwrite = (backend: Backend, value: number): void => {
          for (let i = 0; i < 50; i++) backend.batch.put(name, bytes(`key ${i}`), new Uint8Array(200).fill(value));
          pictures.push(picture(backend.batch));
        };
        const killed = await Backend.open(disk, path, options);
        killed.batch.createBucket(name);
        for (let value = 0; value < 4; value++) {
          overwrite(killed, value);
          // The last one gets as far as its second sync.
          if (value === 3) stuckAt = 1;
          const committed = killed.commit();
          if (value < 3) await committed;
          else for (let turns = 0; turns < 20; turns++) await Promise.resolve();
        }
        stuckAt = Number.POSITIVE_INFINITY;
        const next = await Backend.open(disk, path, options);
        expect(picture(next.batch)).toBe(pictures[3]);
        overwrite(next, 4);
        stuckAt = random.below(2);
        next.commit().catch(() => undefined);
        for (let turns = 0; turns < 20; turns++) await Promise.resolve();
        stuckAt = Number.POSITIVE_INFINITY;
        memory.crash(() => random.below(2) === 0);
        expect([...check(disk, path)]).toEqual([]);
        const last = await Backend.open(disk, path, options);
        expect(pictures.slice(3)).toContain(picture(last.batch));
        await last.close();
      }),
      { numRuns: 40 },
    );
  });
});
