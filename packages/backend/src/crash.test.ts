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
        const options = testOptions({ initialPageSize: 1024 });
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
});
