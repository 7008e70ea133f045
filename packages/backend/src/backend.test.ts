import { utf8Decode } from "@quorate/base";
import { describe, expect, test } from "vitest";
import { Backend } from "./backend.ts";
import { check } from "./check.ts";
import { bytes, contentOf, newDisk, path, testOptions } from "./testing/harness.ts";
import { bboltCheck, bboltKeys, haveBbolt } from "./testing/real.ts";

const key = bytes("key");

describe("a read transaction", () => {
  test("sees what was written before it, committed or not, and nothing later", async () => {
    const backend = await Backend.open(await newDisk(), path, testOptions());
    backend.batch.createBucket(key);
    backend.batch.put(key, bytes("a"), bytes("1"));
    const before = backend.read();
    backend.batch.put(key, bytes("a"), bytes("2"));
    backend.batch.createBucket(bytes("later"));
    const after = backend.read();
    await backend.commit();
    backend.batch.deleteBucket(key);
    await backend.commit();
    await backend.commit();
    expect(utf8Decode(before.get(key, bytes("a")) as Uint8Array)).toBe("1");
    expect(before.bucket(bytes("later"))).toBeUndefined();
    expect(utf8Decode(after.get(key, bytes("a")) as Uint8Array)).toBe("2");
    expect(after.bucket(bytes("later"))).toBeDefined();
    expect(backend.batch.bucket(key)).toBeUndefined();
    expect(backend.openReads()).toBe(2);
    before.close();
    before.close();
    after.close();
    expect(backend.openReads()).toBe(0);
    expect(() => before.get(key, bytes("a"))).toThrow("closed");
    await backend.close();
  });

  test("lets a cursor go on while the batch is written to; one on the batch is void", async () => {
    const backend = await Backend.open(await newDisk(), path, testOptions());
    backend.batch.createBucket(key);
    for (let i = 0; i < 1000; i++) backend.batch.put(key, bytes(`k${1000 + i}`), bytes("v"));
    const reader = backend.read();
    const cursor = reader.cursor(key);
    const own = backend.batch.cursor(key);
    own.first();
    let seen = 0;
    for (let there = cursor.last(); there; there = cursor.prev()) {
      seen += 1;
      backend.batch.delete(key, cursor.key);
      if (seen % 100 === 0) await backend.commit();
    }
    expect(seen).toBe(1000);
    expect(backend.batch.count(key)).toBe(0);
    expect(() => own.next()).toThrow("void");
    reader.close();
    await backend.close();
  });

  test("of a bucket that does not exist says so", async () => {
    const backend = await Backend.open(await newDisk(), path, testOptions());
    expect(() => backend.batch.get(key, bytes("a"))).toThrow("bucket does not exist");
    expect(() => backend.batch.put(key, bytes("a"), bytes("b"))).toThrow("bucket does not exist");
    expect(() => backend.batch.deleteBucket(key)).toThrow("bucket does not exist");
    await backend.close();
  });

  test("refuses a visitor that writes", async () => {
    const backend = await Backend.open(await newDisk(), path, testOptions());
    backend.batch.createBucket(key);
    for (const name of ["a", "b"]) backend.batch.put(key, bytes(name), bytes("v"));
    const write = (): void => backend.batch.put(key, bytes("c"), bytes("v"));
    expect(() => backend.batch.range(key, bytes("a"), undefined, write)).toThrow("during a range");
    await backend.close();
  });
});

describe("nested buckets", () => {
  test("are read, written and removed as bbolt does, inline or not", async () => {
    const disk = await newDisk();
    let backend = await Backend.open(disk, path, testOptions());
    const outer = backend.batch.createBucket(bytes("outer"));
    const small = backend.batch.createBucket(bytes("small"), outer);
    const large = backend.batch.createBucket(bytes("large"), outer);
    const deep = backend.batch.createBucket(bytes("deep"), large);
    backend.batch.put(outer, bytes("row"), bytes("r"));
    backend.batch.put(small, bytes("s"), bytes("1"));
    for (let i = 0; i < 500; i++) backend.batch.put(large, bytes(`row ${i}`), new Uint8Array(50));
    for (let i = 0; i < 500; i++) backend.batch.put(deep, bytes(`row ${i}`), new Uint8Array(50));
    await backend.close();
    expect([...check(disk, path)]).toEqual([]);
    if (haveBbolt) {
      expect(bboltCheck(contentOf(disk))).toContain("OK");
      expect(bboltKeys(contentOf(disk), "outer", "small")).toEqual(["73"]);
      expect(bboltKeys(contentOf(disk), "outer", "large", "deep").length).toBe(500);
    }
    backend = await Backend.open(disk, path, testOptions());
    const again = backend.batch.bucket(bytes("outer")) as NonNullable<ReturnType<typeof backend.batch.bucket>>;
    const names: string[] = [];
    backend.batch.forEachBucket((name) => names.push(utf8Decode(name)), again);
    expect(names).toEqual(["large", "small"]);
    expect(backend.batch.count(again)).toBe(1);
    expect(backend.batch.get(again, bytes("small"))).toBeUndefined();
    expect(() => backend.batch.put(again, bytes("small"), bytes("x"))).toThrow("cannot have one key");
    expect(backend.batch.delete(again, bytes("small"))).toBe(false);
    const inner = backend.batch.bucket(bytes("small"), again);
    expect(inner === undefined ? undefined : backend.batch.get(inner, bytes("s"))).toEqual(bytes("1"));
    backend.batch.deleteBucket(bytes("large"), again);
    await backend.commit();
    backend.batch.createBucket(bytes("large"), again);
    expect(backend.batch.bucket(bytes("deep"), backend.bucket(bytes("large"), again))).toBeUndefined();
    await backend.close();
    expect([...check(disk, path)]).toEqual([]);
    if (haveBbolt) expect(bboltCheck(contentOf(disk))).toContain("OK");
    backend = await Backend.open(disk, path, testOptions());
    expect(backend.sizeInUse()).toBeLessThan(8 * 4096);
    await backend.close();
  });
});
