import type { MemoryDisk } from "@quorate/base/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { Backend } from "./backend.ts";
import { branchFlag, leafFlag, readU32 } from "./format.ts";
import { bytes, contentOf, damage, newDisk, path, testOptions, withoutSeals } from "./testing/harness.ts";

const pageSize = 4096;
const rows = 2000;
const keyOf = (i: number): string => `key${String(i).padStart(6, "0")}`;

let image: Uint8Array;

beforeAll(async () => {
  const disk = await newDisk();
  const backend = await Backend.open(disk, path, testOptions());
  const bucket = backend.batch.createBucket(bytes("rows"));
  for (let i = 0; i < rows; i++) backend.batch.put(bucket, bytes(keyOf(i)), new Uint8Array(50));
  const small = backend.batch.createBucket(bytes("small"));
  for (const name of ["inline1", "inline2"]) backend.batch.put(small, bytes(name), bytes("v"));
  await backend.close();
  image = withoutSeals(contentOf(disk), pageSize);
});

/** Where a key stands in the pages of one kind. */
function placeOf(key: string, flags: number): number {
  const wanted = Buffer.from(key);
  for (let page = 2 * pageSize; page < image.length; page += pageSize) {
    if ((readU32(image, page + 8) & 0xffff) !== flags) continue;
    const at = Buffer.from(image.subarray(page, page + pageSize)).indexOf(wanted);
    if (at >= 0) return page + at;
  }
  throw new Error(`${key} is in no such page`);
}

/** The first keys of the second and third leaf of the bucket, as their branch has them. */
function leafBounds(): { readonly second: number; readonly third: number } {
  const found: number[] = [];
  for (let i = 1; i < rows && found.length < 2; i++) {
    try {
      placeOf(keyOf(i), branchFlag);
      found.push(i);
    } catch {
      // Not the first of its leaf.
    }
  }
  return { second: found[0] as number, third: found[1] as number };
}

async function diskWith(at: number, text: string): Promise<MemoryDisk> {
  const disk = await newDisk(image);
  damage(disk, at, ...bytes(text));
  return disk;
}

describe("the walk for free pages", () => {
  test("opens what is in order", async () => {
    const backend = await Backend.open(await newDisk(image), path, testOptions());
    expect(backend.batch.count(bytes("rows"))).toBe(rows);
    await backend.close();
  });

  test("refuses a key that is not above the one before it, with file, page and offset", async () => {
    const at = placeOf(keyOf(3), leafFlag);
    const disk = await diskWith(at, keyOf(1));
    const message = `${path}: page ${Math.floor(at / pageSize)}: element 3 at byte ${at}: key is not above the one before it`;
    await expect(Backend.open(disk, path, testOptions())).rejects.toThrow(message);
  });

  test("refuses a key twice in one page", async () => {
    const disk = await diskWith(placeOf(keyOf(3), leafFlag), keyOf(2));
    await expect(Backend.open(disk, path, testOptions())).rejects.toThrow("element 3");
  });

  test("refuses a leaf whose keys begin below what its branch says", async () => {
    const { second } = leafBounds();
    const at = placeOf(keyOf(second), leafFlag);
    const disk = await diskWith(at, keyOf(second - 1));
    await expect(Backend.open(disk, path, testOptions())).rejects.toThrow(`at byte ${at}: key is below its branch`);
  });

  test("refuses a leaf whose keys reach what belongs to the next one", async () => {
    const { third } = leafBounds();
    const at = placeOf(keyOf(third - 1), leafFlag);
    const disk = await diskWith(at, keyOf(third));
    await expect(Backend.open(disk, path, testOptions())).rejects.toThrow(
      `at byte ${at}: key is not below the next branch`,
    );
  });

  test("refuses a branch out of order", async () => {
    const { third } = leafBounds();
    const disk = await diskWith(placeOf(keyOf(third), branchFlag), keyOf(0));
    await expect(Backend.open(disk, path, testOptions())).rejects.toThrow("element 2 at byte");
  });

  test("refuses an inline bucket out of order", async () => {
    const disk = await diskWith(placeOf("inline2", leafFlag), "inline0");
    await expect(Backend.open(disk, path, testOptions())).rejects.toThrow("inline bucket 1: key is not above");
  });
});
