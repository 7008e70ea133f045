import { invariant } from "@quorate/base";
import type { BucketState } from "./bucket.ts";
import {
  branchFlag,
  bucketHeaderSize,
  composeHeader,
  elementSize,
  leafFlag,
  pageHeaderSize,
  writeU32,
  writeU64,
} from "./format.ts";
import { TreeNode } from "./node.ts";
import { decodeBucket, type Page } from "./page.ts";
import { sealPage } from "./seal.ts";
import type { Store } from "./store.ts";

/** The record of a bucket without rows: no root page, sequence 0, an empty inline leaf. */
export const emptyBucketRecord: Uint8Array = (() => {
  const words = new Uint32Array((bucketHeaderSize + pageHeaderSize) / 4);
  composeHeader(words, bucketHeaderSize / 4, 0, leafFlag, 0, 0);
  return new Uint8Array(words.buffer);
})();

/** A bucket as it was written. */
export interface WrittenBucket {
  readonly root: number | Page;
  /** The value of its entry in the parent. */
  readonly record: Uint8Array;
}

/** Writes the changed nodes of a bucket; a small one becomes an inline page, unless `inline` is false. */
export function writeBucket(store: Store, state: BucketState, inline = true): WrittenBucket {
  const root = state.root;
  if (root instanceof TreeNode) {
    if (inline && root.leaf && root.size <= store.pageSize / 4 && !root.hasBuckets()) {
      const record = inlineRecord(root, state);
      return { root: decodeBucket(record, store.path, store.highWaterMark).root, record };
    }
    const page = writeNode(store, root);
    return { root: page, record: pageRecord(page, state) };
  }
  // After deletes a page that was not changed itself may be all that is left.
  invariant(typeof root === "number", "an inline page was changed without becoming a node");
  return { root, record: pageRecord(root, state) };
}

function pageRecord(page: number, state: BucketState): Uint8Array {
  const record = new Uint8Array(bucketHeaderSize);
  writeU64(record, 0, page);
  writeU32(record, 8, state.sequenceLow);
  writeU32(record, 12, state.sequenceHigh);
  return record;
}

function inlineRecord(root: TreeNode, state: BucketState): Uint8Array {
  const words = new Uint32Array((bucketHeaderSize + root.size + 3) >>> 2);
  const bytes = new Uint8Array(words.buffer, 0, bucketHeaderSize + root.size);
  words[2] = state.sequenceLow;
  words[3] = state.sequenceHigh;
  composeHeader(words, bucketHeaderSize / 4, 0, leafFlag, root.count, 0);
  composeLeaf(bytes, words, bucketHeaderSize, root);
  return bytes;
}

/** Tells whether a node may become a page before the commit: a leaf without nested buckets, whose records come with it. */
export const canBeComposed = (node: TreeNode): boolean => node.leaf && !node.hasBuckets();

/**
 * Composes a node and all changed ones below it, leaves first, so that neighbours in order become neighbours in the file.
 * The nodes themselves stay as they are: readers may hold them.
 *
 * @returns the page of the node.
 */
export function writeNode(store: Store, node: TreeNode): number {
  let children: number[] | undefined;
  if (!node.leaf) {
    children = [];
    for (const child of node.children) children.push(typeof child === "number" ? child : writeNode(store, child));
  }
  const isAlone = node.leaf && node.count === 1;
  const space = store.allocate(node.size, isAlone ? store.rooms.take(node.key(0), node.value(0)) : undefined);
  const flags = node.leaf ? leafFlag : branchFlag;
  composeHeader(space.words, space.base >>> 2, space.id, flags, node.count, space.overflow);
  if (children === undefined) composeLeaf(space.bytes, space.words, space.base, node);
  else composeBranch(space.bytes, space.words, space.base, node, children);
  sealPage(space.words, space.base, space.length);
  store.keep(space);
  return space.id;
}

function composeLeaf(bytes: Uint8Array, words: Uint32Array, base: number, node: TreeNode): void {
  const { keys, values, flags } = node;
  let element = base + pageHeaderSize;
  let data = element + keys.length * elementSize;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as Uint8Array;
    const value = values[i] as Uint8Array;
    const word = element >>> 2;
    words[word] = flags[i] as number;
    words[word + 1] = data - element;
    words[word + 2] = key.length;
    words[word + 3] = value.length;
    copyInto(bytes, data, key);
    data += key.length;
    // Unless it was put where it is to be.
    if (value.buffer !== bytes.buffer || value.byteOffset !== data) copyInto(bytes, data, value);
    data += value.length;
    element += elementSize;
  }
}

function composeBranch(
  bytes: Uint8Array,
  words: Uint32Array,
  base: number,
  node: TreeNode,
  children: readonly number[],
): void {
  const keys = node.keys;
  let element = base + pageHeaderSize;
  let data = element + keys.length * elementSize;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as Uint8Array;
    const child = children[i] as number;
    const word = element >>> 2;
    words[word] = data - element;
    words[word + 1] = key.length;
    words[word + 2] = child >>> 0;
    words[word + 3] = Math.floor(child / 2 ** 32);
    copyInto(bytes, data, key);
    data += key.length;
    element += elementSize;
  }
}

/** Small copies are quicker by hand than by `set`. */
function copyInto(target: Uint8Array, at: number, source: Uint8Array): void {
  const length = source.length;
  if (length > 48) {
    target.set(source, at);
    return;
  }
  for (let i = 0; i < length; i++) target[at + i] = source[i] as number;
}
