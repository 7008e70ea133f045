import { compareBytes } from "@quorate/base";
import { bucketElement, elementSize, pageHeaderSize } from "./format.ts";
import type { Page } from "./page.ts";

/** A child of a branch in memory: a page that is as it was, or a node that was changed. */
export type Child = number | TreeNode;

const noChildren: Child[] = [];
const noValues: Uint8Array[] = [];
const noFlags: number[] = [];

/**
 * A leaf or branch that was changed since the last commit. Only its own generation writes to it: once a reader
 * pinned the tree the writer's generation is a newer one, and the writer goes on with a copy.
 */
export class TreeNode {
  readonly leaf: boolean;
  readonly generation: number;
  readonly keys: Uint8Array[];
  /** Leaves only. */
  readonly values: Uint8Array[];
  /** Leaves only; 1 where the value is a bucket. */
  readonly flags: number[];
  /** Branches only. */
  readonly children: Child[];
  /** Bytes that the content needs on a page, header included. */
  size: number;

  constructor(
    leaf: boolean,
    generation: number,
    keys: Uint8Array[],
    values: Uint8Array[],
    flags: number[],
    children: Child[],
    size: number,
  ) {
    this.leaf = leaf;
    this.generation = generation;
    this.keys = keys;
    this.values = values;
    this.flags = flags;
    this.children = children;
    this.size = size;
  }

  static emptyLeaf(generation: number): TreeNode {
    return new TreeNode(true, generation, [], [], [], noChildren, pageHeaderSize);
  }

  /** A branch over one child; not a legal tree until a second one comes. */
  static branchOver(child: TreeNode, generation: number): TreeNode {
    const key = child.keys[0] as Uint8Array;
    const size = pageHeaderSize + elementSize + key.length;
    return new TreeNode(false, generation, [key], noValues, noFlags, [child], size);
  }

  static fromPage(page: Page, generation: number): TreeNode {
    const count = page.count;
    const keys: Uint8Array[] = [];
    let size = pageHeaderSize + count * elementSize;
    if (page.leaf) {
      const values: Uint8Array[] = [];
      const flags: number[] = [];
      for (let i = 0; i < count; i++) {
        const key = page.key(i);
        const value = page.value(i);
        keys.push(key);
        values.push(value);
        flags.push(page.isBucket(i) ? bucketElement : 0);
        size += key.length + value.length;
      }
      return new TreeNode(true, generation, keys, values, flags, noChildren, size);
    }
    const children: Child[] = [];
    for (let i = 0; i < count; i++) {
      const key = page.key(i);
      keys.push(key);
      children.push(page.child(i));
      size += key.length;
    }
    return new TreeNode(false, generation, keys, noValues, noFlags, children, size);
  }

  get count(): number {
    return this.keys.length;
  }

  copy(generation: number): TreeNode {
    return this.leaf
      ? new TreeNode(
          true,
          generation,
          this.keys.slice(),
          this.values.slice(),
          this.flags.slice(),
          noChildren,
          this.size,
        )
      : new TreeNode(false, generation, this.keys.slice(), noValues, noFlags, this.children.slice(), this.size);
  }

  /**
   * Finds `key`; looks at the last one first, since most keys come in ascending order.
   *
   * @returns its index, or `~i` where `i` is the index of the first greater key.
   */
  search(key: Uint8Array): number {
    const keys = this.keys;
    let high = keys.length - 1;
    if (high < 0) return ~0;
    const last = compareBytes(keys[high] as Uint8Array, key);
    if (last < 0) return ~(high + 1);
    if (last === 0) return high;
    high -= 1;
    let low = 0;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const order = compareBytes(keys[middle] as Uint8Array, key);
      if (order < 0) low = middle + 1;
      else if (order > 0) high = middle - 1;
      else return middle;
    }
    return ~low;
  }

  key(index: number): Uint8Array {
    return this.keys[index] as Uint8Array;
  }

  value(index: number): Uint8Array {
    return this.values[index] as Uint8Array;
  }

  isBucket(index: number): boolean {
    return this.flags[index] === bucketElement;
  }

  child(index: number): Child {
    return this.children[index] as Child;
  }

  hasBuckets(): boolean {
    return this.flags.includes(bucketElement);
  }

  insertEntry(index: number, key: Uint8Array, value: Uint8Array, flags: number): void {
    if (index === this.keys.length) {
      this.keys.push(key);
      this.values.push(value);
      this.flags.push(flags);
    } else {
      this.keys.splice(index, 0, key);
      this.values.splice(index, 0, value);
      this.flags.splice(index, 0, flags);
    }
    this.size += elementSize + key.length + value.length;
  }

  replaceEntry(index: number, value: Uint8Array, flags: number): void {
    this.size += value.length - (this.values[index] as Uint8Array).length;
    this.values[index] = value;
    this.flags[index] = flags;
  }

  insertChild(index: number, key: Uint8Array, child: Child): void {
    this.keys.splice(index, 0, key);
    this.children.splice(index, 0, child);
    this.size += elementSize + key.length;
  }

  /** Changes the lower bound of a child. */
  replaceKey(index: number, key: Uint8Array): void {
    this.size += key.length - (this.keys[index] as Uint8Array).length;
    this.keys[index] = key;
  }

  /** Removes an entry or a child. */
  removeAt(index: number): void {
    this.size -= this.entrySize(index);
    this.keys.splice(index, 1);
    if (this.leaf) {
      this.values.splice(index, 1);
      this.flags.splice(index, 1);
    } else {
      this.children.splice(index, 1);
    }
  }

  /**
   * Cuts off the upper part.
   *
   * @param threshold the lower part ends before the entry that would make it larger than this many bytes,
   * @param least but has this many entries or more, as has the upper one.
   */
  split(threshold: number, least: number): TreeNode {
    const most = this.keys.length - least;
    let lower = pageHeaderSize;
    let cut = 0;
    for (; cut < most; cut++) {
      const next = lower + this.entrySize(cut);
      if (cut >= least && next > threshold) break;
      lower = next;
    }
    const upper = new TreeNode(
      this.leaf,
      this.generation,
      this.keys.splice(cut),
      this.leaf ? this.values.splice(cut) : noValues,
      this.leaf ? this.flags.splice(cut) : noFlags,
      this.leaf ? noChildren : this.children.splice(cut),
      this.size - lower + pageHeaderSize,
    );
    this.size = lower;
    return upper;
  }

  /** Takes over all that `right`, the next sibling, holds. */
  absorb(right: TreeNode): void {
    for (const key of right.keys) this.keys.push(key);
    if (this.leaf) {
      for (const value of right.values) this.values.push(value);
      for (const flags of right.flags) this.flags.push(flags);
    } else {
      for (const child of right.children) this.children.push(child);
    }
    this.size += right.size - pageHeaderSize;
  }

  private entrySize(index: number): number {
    const key = elementSize + (this.keys[index] as Uint8Array).length;
    return this.leaf ? key + (this.values[index] as Uint8Array).length : key;
  }
}
