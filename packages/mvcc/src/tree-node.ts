import type { KeyArena } from "./key-arena.ts";
import type { RevisionTable } from "./revision-table.ts";

/**
 * How the nodes of the key tree lie in their tables, and how one node is searched:
 *
 * ```
 *  word   0      1       2     3     4 …      68 …     132 …      196 …
 *       count  prefix  next  prev  heads    entries  children   counts
 *                                  leaf and inner    inner nodes only
 * ```
 *
 * All keys of a node share their first `prefix` bytes; `heads` holds the four bytes that follow, as numbers, so that a
 * search reads one cache line after the other instead of a key per comparison, and touches keys only to settle ties.
 * An entry is a slot; in a leaf its top bit says that the newest revision is a tombstone. In an inner node it is the
 * smallest slot below the child. `next` and `prev` link the leaves, `counts` holds the keys without tombstone below a child.
 *
 * Source: prefix truncation and poor man's normalized keys, Graefe, "Modern B-tree techniques", §3.
 */

/** Entries of a node. */
export const capacity = 64;
export const wordCount = 0;
export const wordPrefix = 1;
export const wordNext = 2;
export const wordPrev = 3;
export const headsAt = 4;
export const entriesAt: number = headsAt + capacity;
export const childrenAt: number = entriesAt + capacity;
export const countsAt: number = childrenAt + capacity;
/** Words of a leaf, which ends where an inner node has its children. */
export const leafWords: number = entriesAt + capacity;
export const innerWords: number = countsAt + capacity;

/** Marks the entry of a key whose newest revision is a tombstone. */
export const deadBit = 0x80000000;
export const slotMask = 0x7fffffff;

/** Searches nodes and keeps their heads right; the same for leaves and inner nodes. */
export class NodeKeys {
  readonly records: RevisionTable;
  readonly arena: KeyArena;
  /** Whether the last `lowerBound` met the key itself. */
  found = false;

  constructor(records: RevisionTable, arena: KeyArena) {
    this.records = records;
    this.arena = arena;
  }

  refOf(node: Uint32Array, base: number, position: number): number {
    return this.records.keyRef((node[base + entriesAt + position] as number) & slotMask);
  }

  /** Orders the key of an entry against `key`. */
  order(node: Uint32Array, base: number, position: number, key: Uint8Array): number {
    return this.arena.compare(this.refOf(node, base, position), key, 0);
  }

  /** Position of the first entry whose key is `key` or behind it; the node's count when there is none. */
  lowerBound(node: Uint32Array, base: number, key: Uint8Array): number {
    const count = node[base + wordCount] as number;
    const prefix = node[base + wordPrefix] as number;
    if (count > 0 && prefix > 0) {
      const ref = this.refOf(node, base, 0);
      if (this.arena.sharedWith(ref, key, prefix) < prefix) {
        this.found = false;
        return this.arena.compare(ref, key, 0) > 0 ? 0 : count;
      }
    }
    return this.guess(node, base, key);
  }

  /** As `lowerBound`, but takes for granted that `key` shares the node's prefix; `found` is then as uncertain. */
  guess(node: Uint32Array, base: number, key: Uint8Array): number {
    const count = node[base + wordCount] as number;
    const prefix = node[base + wordPrefix] as number;
    const head = headOfKey(key, prefix);
    const heads = base + headsAt;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((node[heads + middle] as number) < head) low = middle + 1;
      else high = middle;
    }
    this.found = false;
    if (low === count || node[heads + low] !== head) return low;
    return this.#lowerBoundOfTies(node, base, key, prefix, head, low, count);
  }

  #lowerBoundOfTies(
    node: Uint32Array,
    base: number,
    key: Uint8Array,
    prefix: number,
    head: number,
    first: number,
    count: number,
  ): number {
    let low = first;
    let high = first + 1;
    while (high < count && node[base + headsAt + high] === head) high += 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.arena.compare(this.refOf(node, base, middle), key, prefix);
      if (order === 0) {
        this.found = true;
        return middle;
      }
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Whether the key of an entry begins with the node's prefix as `key` does. */
  sharesPrefix(node: Uint32Array, base: number, position: number, key: Uint8Array): boolean {
    const prefix = node[base + wordPrefix] as number;
    return prefix === 0 || this.arena.sharedWith(this.refOf(node, base, position), key, prefix) === prefix;
  }

  /**
   * After a split, whose halves kept prefix and heads: computes both anew if the heads tell too few keys apart.
   * That touches every key, so it is worth it only then.
   */
  sharpen(node: Uint32Array, base: number): void {
    const count = node[base + wordCount] as number;
    let ties = 0;
    for (let i = 1; i < count; i++) if (node[base + headsAt + i] === node[base + headsAt + i - 1]) ties += 1;
    if (ties * 8 > count) this.rebuild(node, base);
  }

  /** Computes prefix and heads anew. */
  rebuild(node: Uint32Array, base: number): void {
    const count = node[base + wordCount] as number;
    if (count === 0) return;
    const prefix = this.arena.shared(this.refOf(node, base, 0), this.refOf(node, base, count - 1));
    this.#rebuildAt(node, base, prefix);
  }

  /** Makes the head of the entry at `position`, which was just written, right, and the prefix short enough for it. */
  refresh(node: Uint32Array, base: number, position: number): void {
    const count = node[base + wordCount] as number;
    const prefix = node[base + wordPrefix] as number;
    const ref = this.refOf(node, base, position);
    // A key between two others shares what they share.
    if (count === 1 || position === 0 || position === count - 1) {
      const other = this.refOf(node, base, position === 0 ? count - 1 : 0);
      const shared = this.arena.shared(ref, other);
      if (shared < prefix || count === 1) {
        this.#rebuildAt(node, base, shared);
        return;
      }
    }
    node[base + headsAt + position] = this.arena.head(ref, prefix);
  }

  #rebuildAt(node: Uint32Array, base: number, prefix: number): void {
    const count = node[base + wordCount] as number;
    node[base + wordPrefix] = prefix;
    for (let i = 0; i < count; i++) node[base + headsAt + i] = this.arena.head(this.refOf(node, base, i), prefix);
  }
}

function headOfKey(key: Uint8Array, at: number): number {
  if (at + 4 <= key.length) {
    return (
      (((key[at] as number) << 24) |
        ((key[at + 1] as number) << 16) |
        ((key[at + 2] as number) << 8) |
        (key[at + 3] as number)) >>>
      0
    );
  }
  let head = 0;
  for (let i = at; i < at + 4; i++) head = (head << 8) | (i < key.length ? (key[i] as number) : 0);
  return head >>> 0;
}

/** Opens room at `position` in one column of a node. */
export function openGap(node: Uint32Array, column: number, position: number, count: number): void {
  node.copyWithin(column + position + 1, column + position, column + count);
}

/** Closes the gap at `position` in one column of a node. */
export function closeGap(node: Uint32Array, column: number, position: number, count: number): void {
  node.copyWithin(column + position, column + position + 1, column + count);
}
