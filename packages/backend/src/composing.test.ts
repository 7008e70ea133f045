/** Leaves become pages as soon as rows in ascending order have filled them, long before the commit. */
import { describe, expect, test } from "vitest";
import { Backend } from "./backend.ts";
import { check } from "./check.ts";
import { createStore } from "./defragment.ts";
import { TreeNode } from "./node.ts";
import { writeNode } from "./spill.ts";
import { bytes, newDisk, path, settle, testOptions } from "./testing/harness.ts";
import { TreeWriter } from "./tree-writer.ts";
import type { Reader } from "./types.ts";

const key = bytes("key");
const rows = 2_000;
const name = (i: number): Uint8Array => bytes(`${100_000 + i}`);

/** What is there, by the number of the row: the first byte of the value. */
function read(reader: Reader): Map<number, number> {
  const found = new Map<number, number>();
  reader.range(key, bytes("1"), bytes("2"), (row, value) => {
    found.set(Number(new TextDecoder().decode(row)) - 100_000, value[0] as number);
    return true;
  });
  return found;
}

const value = (version: number): Uint8Array => new Uint8Array(300).fill(version);

/** A database whose batch holds `rows` new rows; its cache has no room for their pages. */
async function filled(): Promise<{ backend: Backend; problems: () => unknown[]; release: () => void }> {
  let release = (): void => undefined;
  let gate: Promise<void> | undefined;
  const disk = await newDisk(undefined, { syncDelay: () => gate ?? Promise.resolve() });
  const backend = await Backend.open(disk, path, testOptions({ pageCacheBytesMax: 16_384 }));
  backend.batch.createBucket(key);
  await backend.commit();
  gate = new Promise((resolve) => {
    release = () => {
      gate = undefined;
      resolve();
    };
  });
  for (let i = 0; i < rows; i++) backend.batch.put(key, name(i), value(1));
  return { backend, problems: () => [...check(disk, path)], release };
}

const expected = (version: (i: number) => number | undefined): Map<number, number> => {
  const map = new Map<number, number>();
  for (let i = 0; i < rows; i++) {
    const is = version(i);
    if (is !== undefined) map.set(i, is);
  }
  return map;
};

describe("rows that a batch put in ascending order", () => {
  test("are read from it and from views before they are in the file, and while they are written", async () => {
    const { backend, problems, release } = await filled();
    const all = expected(() => 1);
    const view = backend.read();
    expect(read(backend.batch)).toEqual(all);
    const commit = backend.commit();
    await settle();
    expect(read(backend.batch)).toEqual(all);
    release();
    await commit;
    expect(read(view)).toEqual(all);
    view.close();
    await backend.close();
    expect(problems()).toEqual([]);
  });

  test("can be changed and removed by the same batch, by one that follows before they are written, and later", async () => {
    const { backend, problems, release } = await filled();
    const before = backend.read();
    for (let i = 0; i < rows; i += 7) backend.batch.put(key, name(i), value(2));
    for (let i = 3; i < rows; i += 7) backend.batch.delete(key, name(i));
    const first = (i: number): number | undefined => (i % 7 === 0 ? 2 : i % 7 === 3 ? undefined : 1);
    expect(read(backend.batch)).toEqual(expected(first));
    const commit = backend.commit();
    const between = backend.read();
    for (let i = 1; i < rows; i += 7) backend.batch.put(key, name(i), value(3));
    backend.batch.deleteSome(
      key,
      Array.from({ length: 40 }, (_, i) => name(i)),
    );
    const second = (i: number): number | undefined => (i < 40 ? undefined : i % 7 === 1 ? 3 : first(i));
    expect(read(backend.batch)).toEqual(expected(second));
    release();
    await commit;
    await backend.commit();
    for (let i = 2; i < rows; i += 7) backend.batch.put(key, name(i), value(4));
    await backend.commit();
    await backend.commit();
    expect(read(before)).toEqual(expected(() => 1));
    expect(read(between)).toEqual(expected(first));
    expect(read(backend.batch)).toEqual(expected((i) => (i % 7 === 2 ? 4 : second(i))));
    before.close();
    between.close();
    await backend.close();
    expect(problems()).toEqual([]);
  });

  test("are lost with it when it is given up, and their pages belong to nobody", async () => {
    const { backend, problems, release } = await filled();
    const view = backend.read();
    const size = backend.size();
    release();
    await backend.endWrites();
    expect(read(view).size).toBe(rows);
    view.close();
    await backend.close();
    expect(problems()).toEqual([]);
    expect(backend.size()).toBe(size);
  });
});

describe("a leaf", () => {
  const shape = (root: TreeNode): string =>
    root.children.map((child) => (typeof child === "number" ? "p" : "n")).join("");

  async function grown(): Promise<{ writer: TreeWriter; root: TreeNode }> {
    const writer = new TreeWriter(await createStore(await newDisk(), path, testOptions()));
    let root = TreeNode.emptyLeaf(writer.generation);
    for (let i = 0; i < 60; i++) root = writer.insert(root, name(i), value(1), 0);
    return { writer, root };
  }

  test("becomes a page when rows in ascending order have filled it, not when others have", async () => {
    const { writer, root } = await grown();
    expect(shape(root)).toMatch(/^p{4,}n$/);
    for (let i = 50; i > 0; i -= 7) writer.insert(root, bytes(`${100_000 + i}x`), value(1), 0);
    expect(shape(root)).toMatch(/nn.*nn/);
    writer.store.close();
  });

  test("that a commit wrote stays the page that it is when a row follows that has no room there", async () => {
    const store = await createStore(await newDisk(), path, testOptions());
    const writer = new TreeWriter(store);
    const large = new Uint8Array(20_000).fill(1);
    let root = TreeNode.emptyLeaf(writer.generation);
    for (let i = 0; i < 3; i++) root = writer.insert(root, name(i), large, 0);
    root = writer.insert(root, name(3), value(1), 0);
    const page = writeNode(store, root);
    store.setTree(page, 0);
    await store.publish(false);
    writer.generation += 1;
    const owned = writer.own(page);
    const written = [...owned.children];
    writer.insert(owned, name(4), value(1), 0);
    expect(shape(owned)).toBe("pppn");
    const again = writer.own(page);
    writer.insert(again, name(4), large, 0);
    expect(shape(again)).toBe("ppppn");
    expect(again.children.slice(0, 4)).toEqual(written);
    store.close();
  });

  test("becomes a page again when a removal of many rows has passed it", async () => {
    const { writer, root: start } = await grown();
    const leaves = start.children.length;
    const scattered = Array.from({ length: 12 }, (_, i) => name(5 * i));
    let root = start;
    for (let next = 0; next < scattered.length; ) {
      const run = writer.removeRun(writer.own(root), scattered, next);
      expect(run.removed).toBeGreaterThan(0);
      root = run.root as TreeNode;
      next = run.next;
    }
    expect(shape(root)).toMatch(/^p{4,}n$/);
    expect(root.children.length).toBe(leaves);
    writer.store.close();
  });

  test("that a removal takes apart, or looks at beside it, does not stay in the cache", async () => {
    const bytesMax = 800_000;
    const store = await createStore(await newDisk(), path, testOptions({ pageCacheBytesMax: bytesMax }));
    const writer = new TreeWriter(store);
    let root: number | TreeNode = TreeNode.emptyLeaf(writer.generation);
    for (let i = 0; i < 3_000; i++) root = writer.insert(root as TreeNode, name(i), value(1), 0);
    for (let round = 0; round < 4; round++) {
      const page: number = typeof root === "number" ? root : writeNode(store, root);
      store.setTree(page, 0);
      await store.publish(false);
      writer.generation += 1;
      root = page;
      const scattered = Array.from({ length: 300 }, (_, i) => name(10 * i + round));
      for (let next = 0; next < scattered.length; ) {
        const run = writer.removeRun(writer.own(root), scattered, next);
        root = run.root;
        next = run.next;
      }
    }
    // Had each of them counted as asked for again, the cache would be full.
    expect(store.cacheBytes).toBeLessThan(bytesMax / 4);
    store.close();
  });
});
