import { describe, expect, test } from "vitest";
import { Backend } from "./backend.ts";
import { check } from "./check.ts";
import { decodeMeta, encodeMeta, freelistFlag, type Meta, writePageHeader, writeU64 } from "./format.ts";
import { bytes, contentOf, newDisk, path, testOptions, withoutSeals } from "./testing/harness.ts";
import { bboltCheck, haveBbolt } from "./testing/real.ts";

const pageSize = 4096;

/** A database with a tree of two levels, with free pages, and its meta. */
async function sample(): Promise<{ image: Uint8Array; meta: Meta }> {
  const disk = await newDisk();
  const backend = await Backend.open(disk, path, testOptions());
  const key = backend.batch.createBucket(bytes("key"));
  for (let i = 0; i < 400; i++) backend.batch.put(key, bytes(`k${1000 + i}`), new Uint8Array(60).fill(0x41));
  await backend.commit();
  for (let i = 0; i < 100; i++) backend.batch.put(key, bytes(`k${1000 + i}`), new Uint8Array(60).fill(0x42));
  await backend.close();
  const image = withoutSeals(contentOf(disk), pageSize);
  const metas = [decodeMeta(image), decodeMeta(image, pageSize)].filter((meta) => typeof meta !== "string");
  const meta = metas.reduce((a, b) => (a.txid > b.txid ? a : b));
  return { image, meta };
}

/** Page of the root of the only bucket. */
function bucketRoot(image: Uint8Array, meta: Meta): number {
  const view = new DataView(image.buffer, meta.root * pageSize);
  const value = 16 + view.getUint32(20, true) + view.getUint32(24, true);
  return Number(view.getBigUint64(value, true));
}

function childOf(image: Uint8Array, page: number, index: number): number {
  return Number(new DataView(image.buffer, page * pageSize + 16 + index * 16).getBigUint64(8, true));
}

async function problems(image: Uint8Array): Promise<string> {
  const disk = await newDisk(image);
  const found = [...check(disk, path)];
  return found.map(({ page, message }) => `${page}: ${message}`).join("\n");
}

describe("the checker", () => {
  test("finds nothing wrong with a sound file", async () => {
    const { image } = await sample();
    expect(await problems(image)).toBe("");
  });

  test("finds a page with another number", async () => {
    const { image, meta } = await sample();
    const leaf = childOf(image, bucketRoot(image, meta), 1);
    image[leaf * pageSize] = 99;
    expect(await problems(image)).toContain(
      `${leaf}: /data/db: page expected to be ${leaf}, but self identifies as 99`,
    );
  });

  test("finds a page of another type", async () => {
    const { image, meta } = await sample();
    const leaf = childOf(image, bucketRoot(image, meta), 1);
    image[leaf * pageSize + 8] = freelistFlag;
    expect(await problems(image)).toContain(`page ${leaf}: invalid type 0x10`);
  });

  test("finds a child that two branches share", async () => {
    const { image, meta } = await sample();
    const root = bucketRoot(image, meta);
    const shared = childOf(image, root, 1);
    writeU64(image, root * pageSize + 16 + 8, shared);
    expect(await problems(image)).toContain(`${shared}: page ${shared}: multiple references`);
  });

  test("finds a child outside the file", async () => {
    const { image, meta } = await sample();
    const root = bucketRoot(image, meta);
    writeU64(image, root * pageSize + 16 + 8, 1_000_000);
    expect(await problems(image)).toContain("child page 1000000 is out of bounds");
  });

  test("finds a page that claims to go on past the end", async () => {
    const { image, meta } = await sample();
    const leaf = childOf(image, bucketRoot(image, meta), 1);
    image[leaf * pageSize + 15] = 0x7f;
    expect(await problems(image)).toContain(`page ${leaf}: overflow is out of bounds`);
  });

  test("finds a loop", async () => {
    const { image, meta } = await sample();
    const root = bucketRoot(image, meta);
    writeU64(image, root * pageSize + 16 + 8, root);
    expect(await problems(image)).toContain(`page ${root}: multiple references`);
  });

  test("finds keys out of order, and below or above what their branch allows", async () => {
    const { image, meta } = await sample();
    const leaf = childOf(image, bucketRoot(image, meta), 1);
    const view = new DataView(image.buffer, leaf * pageSize);
    const keyAt = (index: number): number =>
      leaf * pageSize + 16 + index * 16 + view.getUint32(16 + index * 16 + 4, true);
    const first = image.slice();
    first[keyAt(0)] = 0x20;
    expect(await problems(first)).toContain("the first key[0]");
    const middle = image.slice();
    middle[keyAt(3)] = 0x20;
    expect(await problems(middle)).toContain("needs to be > than previous element");
    const last = image.slice();
    last[keyAt(view.getUint16(10, true) - 1)] = 0x7a;
    expect(await problems(last)).toContain("needs to be < than key of the next element in ancestor");
  });

  test("finds elements that reach outside their page", async () => {
    const { image, meta } = await sample();
    const leaf = childOf(image, bucketRoot(image, meta), 1);
    const count = image.slice();
    count[leaf * pageSize + 11] = 0x7f;
    expect(await problems(count)).toContain("elements do not fit");
    const value = image.slice();
    value[leaf * pageSize + 16 + 14] = 1;
    expect(await problems(value)).toContain("value ends outside the page");
    const empty = image.slice();
    empty[leaf * pageSize + 16 + 8] = 0;
    expect(await problems(empty)).toContain("empty key");
  });

  test("finds a branch with one child, which bbolt's checker accepts", async () => {
    const { image, meta } = await sample();
    const root = bucketRoot(image, meta);
    image[root * pageSize + 10] = 1;
    expect(await problems(image)).toContain(`page ${root}: a branch has 1 child`);
    if (haveBbolt) expect(bboltCheck(image)).toContain("OK");
  });

  test("finds leaves at different depths", async () => {
    const { image, meta } = await sample();
    const root = bucketRoot(image, meta);
    const leaf = childOf(image, root, 0);
    // A branch over two leaves takes the place of the second child.
    const high = new Uint8Array(image.length + pageSize);
    high.set(image);
    const id = meta.highWaterMark;
    const at = id * pageSize;
    high.set(image.subarray(root * pageSize, (root + 1) * pageSize), at);
    writePageHeader(high, at, { id, flags: 1, count: 2, overflow: 0 });
    writeU64(high, root * pageSize + 16 + 8, id);
    high.set(encodeMeta({ ...meta, highWaterMark: id + 1 }, meta.txid % 2), (meta.txid % 2) * pageSize);
    expect(childOf(high, id, 0)).toBe(leaf);
    expect(await problems(high)).toContain("leaves lie at depths");
  });

  describe("of a stored freelist", () => {
    /** The sample with a freelist page that holds `ids`, or all free pages. */
    async function withFreelist(change: (ids: number[]) => number[]): Promise<Uint8Array> {
      const { image, meta } = await sample();
      const free: number[] = [];
      const reached = new Set<number>([meta.root]);
      const walk = (page: number): void => {
        reached.add(page);
        const view = new DataView(image.buffer, page * pageSize);
        if (view.getUint16(8, true) !== 1) return;
        for (let i = 0; i < view.getUint16(10, true); i++) walk(childOf(image, page, i));
      };
      walk(bucketRoot(image, meta));
      for (let page = 2; page < meta.highWaterMark; page++) if (!reached.has(page)) free.push(page);
      const ids = change(free);
      const grown = new Uint8Array(image.length + pageSize);
      grown.set(image);
      const id = meta.highWaterMark;
      writePageHeader(grown, id * pageSize, { id, flags: freelistFlag, count: ids.length, overflow: 0 });
      for (const [i, free] of ids.entries()) writeU64(grown, id * pageSize + 16 + i * 8, free);
      const listed = { ...meta, freelist: id, highWaterMark: id + 1 };
      grown.set(encodeMeta(listed, meta.txid % 2), (meta.txid % 2) * pageSize);
      return grown;
    }

    test("accepts one that is right; the next commit drops it", async () => {
      const image = await withFreelist((ids) => ids);
      expect(await problems(image)).toBe("");
      if (haveBbolt) expect(bboltCheck(image)).toContain("OK");
      const disk = await newDisk(image);
      const backend = await Backend.open(disk, path, testOptions());
      expect(backend.sizeInUse()).toBeLessThan(backend.size());
      backend.batch.put(bytes("key"), bytes("k"), bytes("v"));
      await backend.close();
      expect([...check(disk, path)]).toEqual([]);
      if (haveBbolt) expect(bboltCheck(contentOf(disk))).toContain("OK");
    });

    test("finds pages missing from it, listed twice, in use, or outside the file", async () => {
      expect(await problems(await withFreelist((ids) => ids.slice(1)))).toContain("unreachable unfreed");
      expect(await problems(await withFreelist((ids) => [...ids, ids[0] as number]))).toContain("already freed");
      expect(await problems(await withFreelist((ids) => [...ids, 1_000_000]))).toContain("out of bounds");
      const { image, meta } = await sample();
      const used = bucketRoot(image, meta);
      expect(await problems(await withFreelist((ids) => [...ids, used]))).toContain(`page ${used}: reachable freed`);
    });
  });

  test("finds damage that opening refuses to build upon", async () => {
    const { image, meta } = await sample();
    const leaf = childOf(image, bucketRoot(image, meta), 1);
    image[leaf * pageSize] = 99;
    const disk = await newDisk(image);
    await expect(Backend.open(disk, path, testOptions())).rejects.toThrow(`/data/db: page expected to be ${leaf}`);
  });
});
