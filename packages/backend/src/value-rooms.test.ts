/** A large value that was put where its page will be is copied only where its page cannot be there. */
import { expect, test } from "vitest";
import { Backend } from "./backend.ts";
import { check } from "./check.ts";
import { createStore } from "./defragment.ts";
import { TreeNode } from "./node.ts";
import { writeNode } from "./spill.ts";
import type { Store } from "./store.ts";
import { bytes, contentOf, newDisk, path, testOptions } from "./testing/harness.ts";

const size = 150_000;
const key = bytes("a key of a row");

function leafOf(value: Uint8Array): TreeNode {
  const leaf = TreeNode.emptyLeaf(1);
  leaf.insertEntry(0, key, value, 0);
  return leaf;
}

const valueOn = (store: Store, page: number): Uint8Array => store.page(page).value(0);

test("the page is composed around the value, the first time; later ones copy it", async () => {
  const store = await createStore(await newDisk(), path, testOptions());
  const value = store.rooms.give(key.length, size).fill(7);
  const first = writeNode(store, leafOf(value));
  expect(valueOn(store, first).buffer).toBe(value.buffer);
  const second = writeNode(store, leafOf(value));
  expect(second).not.toBe(first);
  expect(valueOn(store, second).buffer).not.toBe(value.buffer);
  expect(valueOn(store, second)).toEqual(value);
  expect(store.page(first).id).toBe(first);
  store.close();
});

test("a value is copied that is not alone, has another key, or is small", async () => {
  const store = await createStore(await newDisk(), path, testOptions());
  const isCopied = (value: Uint8Array, leaf: TreeNode): boolean =>
    valueOn(store, writeNode(store, leaf)).buffer !== value.buffer;
  const withOther = store.rooms.give(key.length, size);
  const two = leafOf(withOther);
  two.insertEntry(1, bytes("b"), new Uint8Array(10), 0);
  expect(isCopied(withOther, two)).toBe(true);
  const forLonger = store.rooms.give(key.length + 1, size);
  expect(isCopied(forLonger, leafOf(forLonger))).toBe(true);
  const part = store.rooms.give(key.length, size).subarray(0, size - 4_096);
  expect(isCopied(part, leafOf(part))).toBe(true);
  const small = store.rooms.give(key.length, 1_000);
  expect(small.length).toBe(1_000);
  expect(isCopied(small, leafOf(small))).toBe(true);
  store.close();
});

test("the file is the same as with values from elsewhere", async () => {
  const files: Uint8Array[] = [];
  for (const given of [true, false]) {
    const disk = await newDisk();
    const backend = await Backend.open(disk, path, testOptions());
    const bucket = backend.batch.createBucket(bytes("rows"));
    for (let i = 0; i < 9; i++) {
      const rowSize = i % 3 === 1 ? 100 : size + i;
      const value = given ? backend.batch.room(2, rowSize) : new Uint8Array(rowSize);
      backend.batch.put(bucket, bytes(`r${i}`), value.fill(i + 1));
      if (i % 2 === 0) await backend.commit();
    }
    await backend.close();
    expect([...check(disk, path)]).toEqual([]);
    files.push(contentOf(disk));
  }
  expect(Buffer.compare(files[0] as Uint8Array, files[1] as Uint8Array)).toBe(0);
});
