import {
  capacity,
  childrenAt,
  countsAt,
  deadBit,
  entriesAt,
  headsAt,
  innerWords,
  leafWords,
  type NodeKeys,
  slotMask,
  wordCount,
  wordNext,
  wordPrefix,
  wordPrev,
} from "./tree-node.ts";
import { WordTable } from "./word-table.ts";

/** Nodes per chunk: 136 KB of leaves, 67 KB of inner nodes. */
const leafShift = 8;
const innerShift = 6;

/** The nodes of one key tree: where they lie, and how two of them divide or join what they hold. */
export class TreeNodes {
  readonly #keys: NodeKeys;
  readonly #leaves: WordTable = new WordTable(leafWords, leafShift, wordNext);
  readonly #inners: WordTable = new WordTable(innerWords, innerShift, wordNext);

  constructor(keys: NodeKeys) {
    this.#keys = keys;
  }

  get byteSize(): number {
    return this.#leaves.byteSize + this.#inners.byteSize;
  }

  leaf(id: number): Uint32Array {
    return this.#leaves.chunks[id >>> leafShift] as Uint32Array;
  }

  leafBase(id: number): number {
    return (id & ((1 << leafShift) - 1)) * leafWords;
  }

  inner(id: number): Uint32Array {
    return this.#inners.chunks[id >>> innerShift] as Uint32Array;
  }

  innerBase(id: number): number {
    return (id & ((1 << innerShift) - 1)) * innerWords;
  }

  leafCount(id: number): number {
    return this.leaf(id)[this.leafBase(id) + wordCount] as number;
  }

  innerCount(id: number): number {
    return this.inner(id)[this.innerBase(id) + wordCount] as number;
  }

  /** Smallest slot in a leaf. */
  leafMinimum(id: number): number {
    return (this.leaf(id)[this.leafBase(id) + entriesAt] as number) & slotMask;
  }

  /** Smallest slot below an inner node. */
  innerMinimum(id: number): number {
    return this.inner(id)[this.innerBase(id) + entriesAt] as number;
  }

  addLeaf(): number {
    const id = this.#leaves.allocate();
    this.leaf(id).fill(0, this.leafBase(id), this.leafBase(id) + headsAt);
    return id;
  }

  addInner(): number {
    const id = this.#inners.allocate();
    this.inner(id).fill(0, this.innerBase(id), this.innerBase(id) + headsAt);
    return id;
  }

  releaseInner(id: number): void {
    this.#inners.release(id);
  }

  /** Takes a leaf out of the list and forgets it. */
  releaseLeaf(id: number): void {
    const next = this.leaf(id)[this.leafBase(id) + wordNext] as number;
    const prev = this.leaf(id)[this.leafBase(id) + wordPrev] as number;
    if (next !== 0) this.leaf(next)[this.leafBase(next) + wordPrev] = prev;
    if (prev !== 0) this.leaf(prev)[this.leafBase(prev) + wordNext] = next;
    this.#leaves.release(id);
  }

  /** Moves the entries from `cut` on of a full leaf into a new one behind it, whose id is returned. */
  splitLeaf(left: number, cut: number): number {
    const right = this.addLeaf();
    const words = this.leaf(left);
    const base = this.leafBase(left);
    const target = this.leaf(right);
    const targetBase = this.leafBase(right);
    const next = words[base + wordNext] as number;
    moveTail(words, base + entriesAt, target, targetBase + entriesAt, cut);
    moveTail(words, base + headsAt, target, targetBase + headsAt, cut);
    target[targetBase + wordPrefix] = words[base + wordPrefix] as number;
    words[base + wordCount] = cut;
    target[targetBase + wordCount] = capacity - cut;
    target[targetBase + wordNext] = next;
    target[targetBase + wordPrev] = left;
    words[base + wordNext] = right;
    if (next !== 0) this.leaf(next)[this.leafBase(next) + wordPrev] = right;
    this.#keys.sharpen(words, base);
    this.#keys.sharpen(target, targetBase);
    return right;
  }

  /** Moves the children from `cut` on of a full inner node into a new one, whose id is returned. */
  splitInner(left: number, cut: number): number {
    const right = this.addInner();
    const words = this.inner(left);
    const base = this.innerBase(left);
    const target = this.inner(right);
    const targetBase = this.innerBase(right);
    for (const column of [entriesAt, childrenAt, countsAt]) {
      moveTail(words, base + column, target, targetBase + column, cut);
    }
    words[base + wordCount] = cut;
    target[targetBase + wordCount] = capacity - cut;
    this.#keys.rebuild(words, base);
    this.#keys.rebuild(target, targetBase);
    return right;
  }

  /** Appends what `right` holds to its left neighbour; both fit one leaf. `right` is forgotten. */
  joinLeaves(left: number, right: number): void {
    const words = this.leaf(left);
    const base = this.leafBase(left);
    const count = this.leafCount(left);
    const added = this.leafCount(right);
    const from = this.leafBase(right) + entriesAt;
    words.set(this.leaf(right).subarray(from, from + added), base + entriesAt + count);
    words[base + wordCount] = count + added;
    this.#keys.rebuild(words, base);
    this.releaseLeaf(right);
  }

  /** As `joinLeaves`, for inner nodes. */
  joinInners(left: number, right: number): void {
    const words = this.inner(left);
    const base = this.innerBase(left);
    const count = this.innerCount(left);
    const added = this.innerCount(right);
    for (const column of [entriesAt, childrenAt, countsAt]) {
      const from = this.innerBase(right) + column;
      words.set(this.inner(right).subarray(from, from + added), base + column + count);
    }
    words[base + wordCount] = count + added;
    this.#keys.rebuild(words, base);
    this.releaseInner(right);
  }

  /** Keys without tombstone in a leaf, in its first `end` entries. */
  liveInLeaf(id: number, end: number): number {
    const words = this.leaf(id);
    const entries = this.leafBase(id) + entriesAt;
    let live = 0;
    for (let i = 0; i < end; i++) if ((words[entries + i] as number) < deadBit) live += 1;
    return live;
  }

  /** Keys without tombstone below the first `end` children of an inner node. */
  liveInInner(id: number, end: number): number {
    const words = this.inner(id);
    const counts = this.innerBase(id) + countsAt;
    let live = 0;
    for (let i = 0; i < end; i++) live += words[counts + i] as number;
    return live;
  }
}

function moveTail(from: Uint32Array, column: number, to: Uint32Array, target: number, cut: number): void {
  to.set(from.subarray(column + cut, column + capacity), target);
}
